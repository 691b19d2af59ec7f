run test check bench faults:
	./dev $@

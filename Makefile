run test check bench:
	./dev $@

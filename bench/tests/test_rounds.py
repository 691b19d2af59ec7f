from collections import Counter

from bench.rounds import Measured, Turn


def measured(*cpu: float) -> Measured:
    return Measured([Turn(each, 0, each, each) for each in cpu], Counter())


def test_a_disturbed_round_does_not_move_the_median():
    assert measured(2, 2, 90).median(lambda turn: turn.cpu) == 2


def test_ratios_are_taken_within_a_round():
    page, floor = measured(4, 40, 4), measured(2, 20, 2)
    assert page.ratio(floor, lambda turn: turn.cpu) == 2


def test_cpu_time_is_the_servers_and_the_databases():
    assert Turn(cpu_web=2, cpu_db=0.5, p50=0, wall=0).cpu == 2.5

import json

from bench.report import Row, at_most, failed, summary, table, write_json

BOARD = Row("P1", "board", "9.00 ms", floor="2.00 ms", ratio=4.5, limit="<= 6", met=True)
SLOW = Row("P2", "list", "14.00 ms", floor="2.00 ms", ratio=7.0, limit="<= 5", met=False)


def test_the_table_says_what_meets_its_goal():
    lines = table([BOARD, SLOW]).splitlines()
    assert "meets" in lines[1]
    assert "MISSES" in lines[2]


def test_columns_stand_below_each_other():
    heading, board, slow = table([BOARD, SLOW]).splitlines()
    assert heading.index("limit") == board.index("<= 6") == slow.index("<= 5")


def test_information_has_no_verdict():
    assert Row("", "floor b", "2.00 ms").verdict == ""


def test_a_figure_on_its_limit_is_met():
    assert at_most("P12", "list", 40, 40, "KiB").met


def test_the_summary_names_missed_goals_in_their_order():
    rows = [failed("P10", "mail", "gone"), SLOW, BOARD]
    assert summary(rows) == "1 of 3 rows meet their goal; missed in P2, P10"


def test_the_figures_can_be_read_by_a_program(tmp_path):
    write_json(tmp_path / "found.json", [SLOW], {"patients": 10})
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["rows"][0]["ratio"] == 7.0
    assert found["rows"][0]["verdict"] == "MISSES"

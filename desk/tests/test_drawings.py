from datetime import UTC, datetime, timedelta

from desk.drawings import WIDTH, vital_graph
from monitoring.readings import Reading, Settings

BEGIN = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


def reading(minutes: float, **values) -> Reading:
    usual = {"systolic": 120, "diastolic": 80, "pulse": 70, "spo2": 98}
    return Reading(
        id=int(minutes), observed_at=at(minutes), recorded_at=at(minutes), **{**usual, **values}
    )


def draw(*readings: Reading, doses=(), now=None, **values):
    return vital_graph(readings, list(doses), Settings(), begin=BEGIN, now=now or at(60), **values)


def test_higher_values_are_drawn_higher() -> None:
    low, high = draw(reading(0), reading(10, systolic=160, diastolic=110)).points
    assert high.systolic < low.systolic
    assert high.diastolic < low.diastolic
    assert high.x > low.x


def test_a_missing_value_leaves_a_gap() -> None:
    graph = draw(reading(0), reading(10), reading(20, spo2=None), reading(30), reading(40))
    assert len(graph.spo2s) == 2
    assert graph.points[2].spo2 is None
    assert len(graph.pulses) == 1


def test_a_single_reading_draws_no_line() -> None:
    graph = draw(reading(5))
    assert graph.pressures == ()
    assert len(graph.points) == 1


def test_readings_are_drawn_in_the_order_of_time() -> None:
    xs = [point.x for point in draw(reading(30), reading(10), reading(20)).points]
    assert xs == sorted(xs)


def test_values_beyond_the_scale_stay_inside_the_drawing() -> None:
    graph = draw(reading(0, systolic=290, diastolic=20, pulse=300, spo2=50))
    point = graph.points[0]
    assert 0 <= point.systolic <= 300
    assert 0 <= point.diastolic <= 300
    assert 0 <= point.spo2 <= 300


def test_the_window_and_the_doses_are_drawn_from_the_first_dose() -> None:
    graph = draw(reading(0), doses=[at(10), at(15)])
    assert len(graph.doses) == 2
    assert graph.window_x is not None
    assert graph.doses[1] < graph.window_x


def test_a_long_day_still_fits() -> None:
    graph = draw(reading(0), reading(700), now=at(720))
    assert len(graph.ticks) <= 9
    assert all(point.x <= WIDTH for point in graph.points)


def test_an_ended_session_has_no_now() -> None:
    assert draw(reading(0), ended=True).now_x is None


def test_the_names_of_the_curves_do_not_overlap() -> None:
    ys = [name.y for name in draw(reading(0, pulse=120)).names]
    assert all(later - earlier >= 15 for earlier, later in zip(ys, ys[1:], strict=False))


def test_measures_without_a_curve_stand_as_numbers_under_their_times() -> None:
    graph = draw(reading(0, sedation=5), reading(10), reading(20, sedation=4, resp_rate=12))
    lanes = {lane.label: [mark.words for mark in lane.marks] for lane in graph.lanes}
    assert lanes == {"Resp.": ["12"], "MOAA": ["5", "4"]}
    assert graph.lanes[-1].marks[1].x == graph.points[2].x


def test_an_infusion_is_a_bar_up_to_its_end_or_to_now() -> None:
    (ended,) = draw(reading(0), infusions=[(at(10), at(40))]).infusions
    (running,) = draw(reading(0), infusions=[(at(10), None)]).infusions
    assert ended.x == running.x
    assert running.width > ended.width


def test_adverse_events_are_marked_with_their_words() -> None:
    graph = draw(reading(0), reading(20), events=[(at(20), "Nausea")])
    (mark,) = graph.events
    assert (mark.x, mark.words) == (graph.points[1].x, "Nausea")


def test_the_critical_pressure_is_drawn_above_the_limit_for_leaving() -> None:
    y = {limit.words: limit.y for limit in draw(reading(0)).limits}
    assert y["critical from 180"] < y["systolic 140"]

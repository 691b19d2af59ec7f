from bench import proc

STAT = (
    "1234 (a (bad) name) S 77 1234 1234 0 -1 4194304 900 12 0 0"
    " 150 50 30 20 20 0 1 0 5000 1000000 250"
)


def test_the_name_of_a_process_may_look_like_anything():
    assert proc.stat_fields(STAT)[:2] == ["S", "77"]


def test_cpu_time_counts_buried_children():
    assert proc.cpu_of(STAT) == (150 + 50 + 30 + 20) / proc.TICKS


def test_a_process_that_is_gone_costs_nothing():
    assert proc.cpu_of("") == 0


def test_shared_memory_is_counted_once():
    rollup = "5600-7ffd ---p 00000000 00:00 0 [rollup]\nRss: 900 kB\nPss: 300 kB\nPss_Dirty: 9 kB\n"
    assert proc.pss_of(rollup) == 300


def test_a_tree_has_its_children():
    import os
    import subprocess
    import sys

    with subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, text=True
    ) as child:
        assert child.pid in set(proc.tree(os.getpid()))
        child.communicate("\n")

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def start(program, failpoints, folder=None):
    settings = {"SUBLEDGER_FAILPOINTS": failpoints, "PYTHONPATH": str(ROOT)}
    if folder:
        settings["SUBLEDGER_FAILPOINT_DIR"] = str(folder)
    return subprocess.Popen(
        [sys.executable, "-c", "from core.failpoint import failpoint, FailpointError\n" + program],
        env={name: value for name, value in os.environ.items() if "FAILPOINT" not in name} | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(program, failpoints, folder=None):
    with start(program, failpoints, folder) as process:
        stdout, stderr = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


PASS_FIVE_TIMES = """
for n in range(1, 6):
    failpoint("P10", "invoice")
    print(n, flush=True)
"""


def test_without_a_rule_nothing_happens():
    done = run(PASS_FIVE_TIMES, "")
    assert (done.returncode, done.stdout.split()) == (0, ["1", "2", "3", "4", "5"])


def test_a_process_is_killed_at_the_passing_that_was_asked_for():
    done = run(PASS_FIVE_TIMES, "P10:kill@3")
    assert (done.returncode, done.stdout.split()) == (-signal.SIGKILL, ["1", "2"])


def test_without_a_number_the_first_passing_counts():
    done = run(PASS_FIVE_TIMES, "P10:kill")
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "")


def test_other_places_and_other_kinds_are_passed_unharmed():
    assert run(PASS_FIVE_TIMES, "P11:kill,P10/payment:kill,P1:kill").returncode == 0


def test_a_rule_may_be_narrowed_to_a_kind():
    done = run(
        'failpoint("P10", "payment"); print("passed", flush=True); failpoint("P10", "invoice")', "P10/invoice:kill"
    )
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "passed\n")


def test_raise_names_the_place_and_only_that_passing_fails():
    program = """
for _ in range(3):
    try:
        failpoint("P16")
        print("passed")
    except FailpointError as error:
        print(error)
"""
    assert run(program, "P16:raise@2").stdout.split() == ["passed", "P16", "passed"]


def test_hang_waits_until_it_is_killed():
    with start('print("there", flush=True); failpoint("P16"); print("passed", flush=True)', "P16:hang") as process:
        assert process.stdout.readline() == "there\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)
        process.kill()
        assert process.stdout.read() == ""


def test_passings_are_counted_over_processes(tmp_path):
    once = 'failpoint("P14", "payment"); print("passed", flush=True)'
    codes = [run(once, "P14/payment:kill@2", tmp_path).returncode for _ in range(4)]
    assert codes == [0, -signal.SIGKILL, 0, 0]


def test_a_forked_work_horse_dies_only_once(tmp_path):
    program = """
import os
for _ in range(3):
    horse = os.fork()
    if horse == 0:
        failpoint("P10")
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(horse, 0)[1]), flush=True)
"""
    assert run(program, "P10:kill@1", tmp_path).stdout.split() == ["-9", "0", "0"]


@pytest.mark.parametrize("wrong", ["P10", "P10:explode", "P10:kill@often", ":"])
def test_a_rule_that_cannot_be_read_stops_the_test_run_at_once(wrong):
    done = run(PASS_FIVE_TIMES, wrong)
    assert done.returncode == 1
    assert "ValueError" in done.stderr
    assert done.stdout == ""


def test_rules_in_a_file_may_change_while_the_process_runs(tmp_path):
    rules = tmp_path / "rules"
    rules.write_text("")
    program = f"""
failpoint("P10")
print("passed", flush=True)
open({str(rules)!r}, "w").write("P10:kill")
failpoint("P10")
print("not reached", flush=True)
"""
    done = run(program, f"@{rules}")
    assert (done.returncode, done.stdout.split()) == (-signal.SIGKILL, ["passed"])

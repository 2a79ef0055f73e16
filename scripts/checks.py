# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
"""Counts checks, and prints a line of each: for the programs that let a client work at a running Gatehouse."""

passed = 0
failed = 0


def check(name, work):
    """Runs one check: it passes when `work` returns without an exception and not False."""
    global passed, failed
    try:
        result = work()
        if result is False:
            raise AssertionError("the condition does not hold")
    except Exception as error:  # every kind of failure is a failed check
        failed += 1
        print(f"FAIL {name}: {type(error).__name__}: {error}")
        return None
    passed += 1
    print(f"ok   {name}")
    return result


def finish():
    """Prints how many passed and failed, and gives the status to exit with: 1 where one failed, or none was made."""
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0

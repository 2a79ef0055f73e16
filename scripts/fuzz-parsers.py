#!/usr/bin/env python3
# Copyright the Gatehouse authors
# SPDX-License-Identifier: Apache-2.0
"""Gives Gatehouse's parsers random inputs by libFuzzer, beginning with those of Fuzzing/corpus.

    scripts/fuzz-parsers.py PROGRAM                       a minute a parser
    scripts/fuzz-parsers.py PROGRAM --seconds 600 place   one parser, ten minutes
    scripts/fuzz-parsers.py PROGRAM --keep                adds what was found worth keeping to Fuzzing/corpus
    scripts/fuzz-parsers.py --show FILE                   prints an input as a line of a corpus

PROGRAM is gatehouse-fuzz; `make fuzz` builds it. An input that breaks a promise, crashes, takes over ten seconds or over 2 GB
ends the run: it is printed as a line for Fuzzing/corpus/PARSER.txt, with which `make test FILTER=CorpusTests` fails until
the parser is mended. FUZZ_SEED makes another run of it; the number is printed.
"""

import argparse
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent / "Fuzzing"


def line(data):
    return "".join(chr(b) if 0x20 <= b < 0x7F and chr(b) not in "\\#" else f"\\x{b:02x}" for b in data)


def parse(text):
    return re.sub(rb"\\x([0-9a-f]{2})", lambda match: bytes([int(match[1], 16)]), text.encode("ascii"))


def corpus(parser):
    lines = (ROOT / "corpus" / f"{parser}.txt").read_text("ascii").split("\n")
    return [parse(text) for text in lines if text and not text.startswith("#")]


def folder_of(inputs, folder):
    folder.mkdir()
    for number, data in enumerate(inputs):
        (folder / f"{number:05}").write_bytes(data)
    return folder


def run(program, parser, arguments):
    # Else Swift's own report of a crash comes first, and libFuzzer does not keep the input.
    environment = {**os.environ, "FUZZ_PARSER": parser, "SWIFT_BACKTRACE": "enable=no", "SWIFT_DETERMINISTIC_HASHING": "1"}
    return subprocess.run([program, *arguments], env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")


def fuzz(program, parser, options):
    """Whether nothing was found against the parser."""
    inputs = corpus(parser)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        seeds, found = folder_of(inputs, folder / "seeds"), folder / "found"
        found.mkdir()
        limits = [f"-max_len={options.length}", "-timeout=10", "-rss_limit_mb=2048", f"-artifact_prefix={folder}/broken-"]
        dictionary = ROOT / "dictionaries" / f"{parser}.txt"
        if dictionary.exists():
            limits.append(f"-dict={dictionary}")
        seed = options.seed or random.randrange(1, 1 << 31)
        result = run(program, parser, [f"-max_total_time={options.seconds}", f"-seed={seed}", "-print_final_stats=1",
                                       *limits, str(found), str(seeds)])
        runs = re.search(r"number_of_executed_units: (\d+)", result.stdout)
        cover = re.findall(r"cov: (\d+)", result.stdout)
        print(f"{parser:10} {int(runs[1]) if runs else 0:>10,} inputs, {cover[-1] if cover else '?'} places in the code, "
              f"{len(inputs)} + {len(list(found.iterdir()))} worth keeping, seed {seed}", flush=True)
        broken = sorted(folder.glob("broken-*"))
        if result.returncode or broken:
            print("\n".join(re.findall(rf"^{parser}: .*$|^SUMMARY.*$", result.stdout, re.M)) or result.stdout[-3000:])
            for file in broken:
                print(f"Fuzzing/corpus/{parser}.txt needs this line, and the parser to be mended:\n{line(file.read_bytes())}")
            return False
        if options.keep:
            merged = folder / "merged"
            merged.mkdir()
            for file in found.iterdir():
                file.rename(seeds / file.name)
            result = run(program, parser, ["-merge=1", f"-max_len={options.length}", str(merged), str(seeds)])
            if result.returncode:
                sys.exit(f"The corpus of {parser} could not be merged:\n{result.stdout[-3000:]}")
            kept = {file.read_bytes() for file in merged.iterdir()}
            written = sorted(kept - set(inputs), key=lambda data: (len(data), data))
            with open(ROOT / "corpus" / f"{parser}.txt", "a", encoding="ascii") as file:
                file.writelines(line(data) + "\n" for data in written)
            print(f"{parser:10} {len(written)} lines were added", flush=True)
    return True


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("program", nargs="?")
    arguments.add_argument("parsers", nargs="*", help="all of Fuzzing/corpus, where none is named")
    arguments.add_argument("--seconds", type=int, default=60, help="for each parser")
    arguments.add_argument("--length", type=int, default=600, help="of an input, in bytes at most")
    arguments.add_argument("--seed", type=int, default=int(os.environ.get("FUZZ_SEED") or 0))
    arguments.add_argument("--keep", action="store_true", help="add what was found to Fuzzing/corpus")
    arguments.add_argument("--show", metavar="FILE", help="print a file as a line of a corpus, and end")
    options = arguments.parse_intermixed_args()
    if options.show:
        print(line(pathlib.Path(options.show).read_bytes()))
        return 0
    if not options.program:
        arguments.error("name the program: .build-fuzz/debug/gatehouse-fuzz")
    known = sorted(file.stem for file in (ROOT / "corpus").glob("*.txt"))
    for parser in options.parsers:
        if parser not in known:
            arguments.error(f"there is no parser {parser}; there are {', '.join(known)}")
    sound = [fuzz(options.program, parser, options) for parser in options.parsers or known]
    print(f"{sum(sound)} passed, {len(sound) - sum(sound)} failed")
    return 0 if all(sound) else 1


if __name__ == "__main__":
    sys.exit(main())

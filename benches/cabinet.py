#!/usr/bin/env python3
"""Packs the same file with gcab and with landfall-cabinet, in one run, and prints time, size and their ratios.

    apt-get install gcab
    cargo build --release -p landfall -p landfall-cabinet --examples
    python3 benches/cabinet.py                  # packs target/release/landfall
    python3 benches/cabinet.py FILE
    python3 benches/cabinet.py --memory 1000    # peak memory for files of a tenth and all of so many MB

gcab writes no LZX; wixl packs with gcab's library.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACK = ROOT / "target/release/examples/pack"
CASES = {
    "gcab": lambda file: ["gcab", "-c", "-z", "out.cab", file],
    "MSZIP 4": lambda file: [PACK, "mszip", "4", "1", "out.cab", file],
    "MSZIP 4, 2 threads": lambda file: [PACK, "mszip", "4", "2", "out.cab", file],
    "MSZIP 9, 2 threads": lambda file: [PACK, "mszip", "9", "2", "out.cab", file],
    "LZX 21": lambda file: [PACK, "lzx", "21", "1", "out.cab", file],
    "LZX 21, 2 threads": lambda file: [PACK, "lzx", "21", "2", "out.cab", file],
}


def run(command, folder):
    """Seconds, seconds of the processors, and MiB of a command."""
    start = time.monotonic()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    assert status == 0, command
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def compare(file, rounds):
    print(f"{file.name}: {file.stat().st_size / 1e6:.1f} MB, best of {rounds}\n")
    print("| | time | processor time | faster than gcab | size | of gcab |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copyfile(file, pathlib.Path(folder, "input"))
        best, sizes = {}, {}
        # Round by round, so that other work on the machine meets all of them.
        for _ in range(rounds):
            for name, command in CASES.items():
                result = run(command("input"), folder)[:2]
                best[name] = tuple(map(min, zip(best.get(name, result), result)))
                sizes[name] = pathlib.Path(folder, "out.cab").stat().st_size
    for name, (seconds, processor) in best.items():
        faster, size = best["gcab"][0] / seconds, sizes[name] / sizes["gcab"]
        print(f"| {name} | {seconds:.2f} s | {processor:.2f} s | {faster:.1f}× | {sizes[name] / 1e6:.3f} MB | {size:.3f} |")


def memory(megabytes):
    with tempfile.TemporaryDirectory() as folder:
        for size in (megabytes // 10, megabytes):
            with open(pathlib.Path(folder, "input"), "wb") as file:
                # Half noise, half zeros.
                for _ in range(size // 2):
                    file.write(os.urandom(10**6))
                file.truncate(size * 10**6)
            for name in ("MSZIP 4, 2 threads", "LZX 21, 2 threads"):
                seconds, _, peak = run(CASES[name]("input"), folder)
                print(f"{name}, {size} MB: {peak:.0f} MiB, {seconds:.1f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=pathlib.Path, default=ROOT / "target/release/landfall")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory", type=int)
    arguments = parser.parse_args()
    if arguments.memory:
        memory(arguments.memory)
    else:
        compare(arguments.file, arguments.rounds)


main()

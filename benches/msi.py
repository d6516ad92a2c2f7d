#!/usr/bin/env python3
"""Packs the same Windows program with wixl and with Landfall, in one run, and prints time, size and their ratios.

    apt-get install wixl
    cargo build --release -p landfall
    python3 benches/msi.py wats-client.exe            # the program, built for x86_64-pc-windows-gnu
    python3 benches/msi.py wats-client.exe --memory   # and peak memory for 10 and 500 MB of random bytes
    python3 benches/msi.py wats-client.exe --folder . # on the disk below this folder

Everything lies in memory (/dev/shm) where nothing else is said: Landfall waits until the disk has what it wrote, and wixl
does not.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
LANDFALL = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "release/landfall"
TARGET = "x86_64-pc-windows-gnu"
MANIFEST = f"""[product]
name = "demo"
version = "1.0.0"
maintainer = "Jo Doe <jo@example.com>"
license = "MIT"
homepage = "https://example.com/demo"
summary = "Is packed"

[programs.demo]
path = "demo.exe"
targets = ["{TARGET}"]
"""
WXS = """<?xml version="1.0" encoding="utf-8"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
  <Product Id="*" Name="demo" UpgradeCode="6F1B2C3D-1111-4222-8333-444455556666" Language="1033" Version="1.0.0"
      Manufacturer="Jo Doe">
    <Package InstallerVersion="200" Compressed="yes"/>
    <Media Id="1" Cabinet="product.cab" EmbedCab="yes"/>
    <Directory Id="TARGETDIR" Name="SourceDir"><Directory Id="ProgramFilesFolder"><Directory Id="INSTALLDIR" Name="demo">
      <Component Id="Demo" Guid="6F1B2C3D-1111-4222-8333-444455556667">
        <File Id="Demo" Source="demo.exe" KeyPath="yes"/>
      </Component>
    </Directory></Directory></Directory>
    <Feature Id="Main" Level="1"><ComponentRef Id="Demo"/></Feature>
  </Product>
</Wix>
"""


def landfall(level, *more):
    return [LANDFALL, "build", "--quiet", "--target", TARGET, "--format", "msi", "--level", level, *more]


CASES = {
    "wixl": ["wixl", "-a", "x64", "-o", "wixl.msi", "demo.wxs"],
    "Landfall, fast": landfall("fast"),
    "Landfall, default": landfall("default"),
    "Landfall, default, 1 thread": landfall("default", "--threads", "1"),
    "Landfall, best (LZX)": landfall("best"),
}


def run(command, folder):
    """Seconds and MiB of a command."""
    shutil.rmtree(folder / "dist", ignore_errors=True)
    start = time.monotonic()
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, command
    return time.monotonic() - start, usage.ru_maxrss / 1024


def size(folder):
    return next(iter((*folder.glob("dist/*.msi"), folder / "wixl.msi"))).stat().st_size


def compare(folder, rounds):
    print(f"{(folder / 'demo.exe').stat().st_size / 1e6:.1f} MB, best of {rounds}\n")
    print("| | time | faster than wixl | size | of wixl | memory |")
    print("|---|---|---|---|---|---|")
    best, sizes = {}, {}
    # Round by round, so that other work on the machine meets all of them.
    for _ in range(rounds):
        for name, command in CASES.items():
            result = run(command, folder)
            best[name] = tuple(map(min, zip(best.get(name, result), result)))
            sizes[name] = size(folder)
    for name, (seconds, memory) in best.items():
        faster, smaller = best["wixl"][0] / seconds, sizes[name] / sizes["wixl"]
        print(
            f"| {name} | {seconds:.2f} s | {faster:.1f}× | {sizes[name] / 1e6:.3f} MB | {smaller:.3f} | {memory:.0f} MiB |"
        )


def memory(folder):
    for megabytes in (10, 500):
        with open(folder / "demo.exe", "wb") as file:
            for _ in range(megabytes):
                file.write(os.urandom(10**6))
        for name, command in CASES.items():
            if name != "wixl":
                seconds, peak = run(command, folder)
                print(f"{name}, {megabytes} MB of random bytes: {peak:.0f} MiB, {seconds:.1f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("/dev/shm"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = pathlib.Path(name)
        shutil.copyfile(arguments.program, folder / "demo.exe")
        (folder / "landfall.toml").write_text(MANIFEST)
        (folder / "demo.wxs").write_text(WXS)
        compare(folder, arguments.rounds)
        if arguments.memory:
            memory(folder)


main()

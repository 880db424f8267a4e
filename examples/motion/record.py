#!/usr/bin/env python3
"""Generates accelerometer recordings: x, y and z in thousandths of g at 50 samples per second, for an object that
lies still, is carried by somebody who walks, or is shaken; no two recordings are the same. It stands for your own
recorder, which writes the same columns from your board's sensor.

    record.py OUT.csv [--seed N]      48 labelled recordings of 10 seconds: recording, x, y, z, motion
    record.py --live NAME [--seed N]  one minute in which the motions take turns: NAME.csv (x, y, z), and NAME.raw, the
                                      same samples as a device reads them: little-endian 16-bit integers
"""
import argparse
import csv
import math
import random
import struct

RATE = 50  # samples per second
MOTIONS = ("still", "walk", "shake")
RECORDINGS = 16  # of each motion
SECONDS = 10
GRAVITY = 1000.0  # thousandths of g
LIMIT = 4000  # the sensor's range


def near(dice, direction):
    """A direction in space, some twenty degrees from the one given."""
    vector = [x + dice.gauss(0, 0.25) for x in direction]
    length = math.sqrt(sum(x * x for x in vector))
    return [x / length for x in vector]


def swing(dice, motion):
    """A function from seconds to acceleration along one direction."""
    if motion == "still":
        return lambda t: 0.0
    lowest, highest, least, most = (1.5, 2.3, 150, 400) if motion == "walk" else (3.0, 6.0, 400, 1200)
    beat, size, phase = dice.uniform(lowest, highest), dice.uniform(least, most), dice.uniform(0, math.tau)
    second = dice.uniform(0.2, 0.6)
    return lambda t: size * (math.sin(math.tau * beat * t + phase) + second * math.sin(2 * math.tau * beat * t))


def recording(dice, motion, seconds):
    """Samples (x, y, z): gravity along z; walking moves along z, shaking along x; plus noise. All approximate."""
    down, along = near(dice, (0, 0, 1)), near(dice, (1, 0, 0) if motion == "shake" else (0, 0, 1))
    motion = swing(dice, motion)
    noise = dice.uniform(5, 25)
    for sample in range(seconds * RATE):
        moved = motion(sample / RATE)
        values = (GRAVITY * g + moved * a + dice.gauss(0, noise) for g, a in zip(down, along))
        yield [max(-LIMIT, min(LIMIT, round(value))) for value in values]


def labelled(path, dice):
    with open(path, "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["recording", "x", "y", "z", "motion"])
        for motion in MOTIONS:
            for number in range(RECORDINGS):
                table.writerows([f"{motion}{number}", *sample, motion] for sample in recording(dice, motion, SECONDS))


def live(name, dice):
    samples = [sample for turn in range(6) for sample in recording(dice, MOTIONS[turn % 3], 10)]
    with open(f"{name}.csv", "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["x", "y", "z"])
        table.writerows(samples)
    with open(f"{name}.raw", "wb") as file:
        file.writelines(struct.pack("<3h", *sample) for sample in samples)


def main():
    parser = argparse.ArgumentParser(description="Draws recordings of an accelerometer.")
    parser.add_argument("out", nargs="?", metavar="OUT.csv", help="labelled recordings")
    parser.add_argument("--live", metavar="NAME", help="a stream, as NAME.csv and NAME.raw")
    parser.add_argument("--seed", type=int, default=1, help="other recordings [1]")
    arguments = parser.parse_args()
    if not arguments.out and not arguments.live:
        parser.error("give OUT.csv, or --live NAME")
    if arguments.out:
        labelled(arguments.out, random.Random(arguments.seed))
    if arguments.live:
        live(arguments.live, random.Random(arguments.seed + 1000))


main()

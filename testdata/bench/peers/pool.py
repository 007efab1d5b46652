"""multiprocessing.Pool with two workers: pool.py KIND CHUNKSIZE IN OUT"""
import multiprocessing
import sys

import work

if __name__ == "__main__":
    kind, chunk, src, dst = sys.argv[1:]
    with multiprocessing.Pool(2) as pool, open(src, newline="") as src, open(dst, "w", newline="") as dst:
        work.write(kind, pool.imap(work.WORK[kind], work.records(kind, src), chunksize=int(chunk)), dst)

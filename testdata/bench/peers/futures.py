"""concurrent.futures with two processes: futures.py KIND CHUNKSIZE IN OUT"""
import concurrent.futures
import sys

import work

if __name__ == "__main__":
    kind, chunk, src, dst = sys.argv[1:]
    with concurrent.futures.ProcessPoolExecutor(2) as pool, open(src, newline="") as src, open(dst, "w", newline="") as dst:
        work.write(kind, pool.map(work.WORK[kind], work.records(kind, src), chunksize=int(chunk)), dst)

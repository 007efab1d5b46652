"""What is built for a comparison: the limits, and another brood."""
import os
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def limits(folder, say):
    """The limits, compiled. What cannot be is missing on the page."""
    os.makedirs(folder, exist_ok=True)
    for argv in (["cc", "-O2", "-o", os.path.join(folder, "spawn"), os.path.join(HERE, "spawn.c")],
                 ["go", "build", "-o", os.path.join(folder, "pipes"), os.path.join(HERE, "pipes.go")],
                 ["go", "build", "-o", os.path.join(folder, "answers"), os.path.join(HERE, "answers", "main.go")],
                 ["go", "build", "-o", os.path.join(folder, "skiplocked"), os.path.join(HERE, "queues", "skiplocked", "main.go")]):
        built(argv, say)


def river(folder, say):
    """River is a module of its own, and needs others that brood does not."""
    built(["go", "-C", os.path.join(HERE, "queues", "river"), "build", "-o", os.path.abspath(os.path.join(folder, "river")), "."], say)


def built(argv, say):
    try:
        subprocess.run(argv, check=True)
    except (OSError, subprocess.CalledProcessError) as why:
        say(f"{argv[-1]}: {why}")


def base(spec, folder):
    """The other brood, and what it is called: a file, or a commit that is built in a worktree."""
    if not spec:
        return None, None
    if os.path.isfile(spec):
        return os.path.abspath(spec), os.path.basename(spec)
    commit = git("rev-parse", "--short", spec + "^{commit}")
    tree = os.path.join(folder, "base")
    git("worktree", "add", "--detach", tree, commit)
    try:
        subprocess.run(["make", "-s", "build"], cwd=tree, check=True)
        return shutil.copy(os.path.join(tree, "bin/brood"), os.path.join(folder, "brood-" + commit)), commit
    finally:
        git("worktree", "remove", "--force", tree)


def git(*args):
    return subprocess.run(["git", "-C", ROOT, *args], check=True, capture_output=True, text=True).stdout.strip()


def commit():
    return git("rev-parse", "--short", "HEAD") + (" with changes" if git("status", "--porcelain", "--untracked-files=no") else "")

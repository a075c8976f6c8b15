"""A made-up person's shell history, for measuring suggestions at the prompt without reading a real person's.

Everything is drawn from a seed: five projects with files that come and go, a person's habits (which of several ways of
saying the same is the usual one: Zipf-like), workflows (edit, test, commit; deploy; look at logs; install; look around)
that follow their own course with errors, repetitions and typos, and arguments from what is on the disk at that time.
It is ours, and simpler than life: what it says of a method holds for histories like it.

    events = list(simulate(seed=1, count=5000))
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")

_TRADE = """parser lexer token stream buffer index cache store loader writer reader config session user account order
invoice payment report chart table layout theme router client server worker queue task job schedule event signal model
layer state vector matrix search filter query result page item list tree node graph path route import export backup
sync merge patch release version build deploy test bench check format style login upload download retry timeout limit
batch stage prod local remote error warning message mail notify socket stream frame header footer widget"""
_WORDS = [*_TRADE.split()]
_VERBS = [
    "add",
    "fix",
    "remove",
    "rename",
    "move",
    "speed",
    "up",
    "simplify",
    "test",
    "document",
    "handle",
    "split",
    "merge",
    "update",
    "drop",
    "rework",
]
_PACKAGES = [
    "htop",
    "tmux",
    "ripgrep",
    "jq",
    "tree",
    "ncdu",
    "nginx",
    "postgresql",
    "redis",
    "git-lfs",
    "cmake",
    "clang",
    "ffmpeg",
    "graphviz",
    "sqlite3",
]
_HOSTS = ["web1.example.net", "web2.example.net", "db1.example.net", "build.example.net", "pi.local"]
_SERVICES = ["nginx", "postgresql", "redis-server", "docker", "ssh", "cron"]


@dataclass(frozen=True)
class Event:
    """One command: when (seconds), where ("~" is the home folder), git's branch there, and how it ended."""

    time: int
    directory: str
    branch: str
    status: int
    command: str
    makes: tuple[str, ...] = ()  # paths below the home folder, folders with a "/" at the end, before the command
    removes: tuple[str, ...] = ()


@dataclass
class _Project:
    name: str
    kind: str
    files: list[str]
    branch: str = "main"
    branches: list[str] = field(default_factory=lambda: ["main"])
    commits: int = 0

    @property
    def directory(self) -> str:
        return f"~/src/{self.name}"


_LAYOUTS = {
    "python": (["pyproject.toml", "README.md", "Makefile"], "src/{name}/{word}.py", "tests/test_{word}.py"),
    "web": (["package.json", "README.md", "vite.config.ts"], "src/components/{word}.tsx", "src/pages/{word}.tsx"),
    "c": (["CMakeLists.txt", "README.md", "Makefile"], "src/{word}.c", "include/{word}.h"),
    "infra": (["docker-compose.yml", "site.yml", "README.md"], "roles/{word}/tasks/main.yml", "group_vars/{word}.yml"),
    "notes": (["index.md"], "2026/{word}.md", "talks/{word}.md"),
}


class Person:
    """Somebody at a terminal, whose habits and days come from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._habits = dict[str, list[str]]()
        self.time, self.directory, self.status = 1_750_000_000, "~", 0
        names = self._random.sample(_WORDS, len(_LAYOUTS))
        self.projects = [self._project(f"{word}{kind[0]}", kind) for word, kind in zip(names, _LAYOUTS, strict=True)]
        self._random.shuffle(self.projects)
        self._makes, self._removes = list[str](), list[str]()
        for project in self.projects:
            self._makes += [f"src/{project.name}/.git/", *(f"src/{project.name}/{file}" for file in project.files)]
        self._makes += ["Downloads/", "Documents/", ".zshrc", ".ssh/config"]

    # --- chance ----------------------------------------------------------------------------------------
    def usual(self, habit: str, ways: Sequence[str], steepness: float = 1.4) -> str:
        """Return one of several ways to say something: each person has an order of them, the first by far most used."""
        ordered = self._habits.setdefault(habit, self._random.sample(ways, len(ways)))
        return self.zipf(ordered, steepness)

    def zipf(self, ordered: Sequence[T], steepness: float = 1.0) -> T:
        """Return one of a sequence, the earlier ones more often."""
        return self._random.choices(ordered, [1 / (rank + 1) ** steepness for rank in range(len(ordered))])[0]

    def chance(self, probability: float) -> bool:
        """Tell whether something happens."""
        return self._random.random() < probability

    def word(self) -> str:
        """Return a word of this person's trade."""
        return self._random.choice(_WORDS)

    # --- what is typed ---------------------------------------------------------------------------------
    def events(self) -> Iterator[Event]:
        """Yield commands for ever."""
        while True:
            project = self.zipf(self.projects, 0.9)
            yield from self._go(project)
            for _ in range(self._random.randint(2, 9)):
                yield from self._activity(project)
            self.time += self._random.randint(600, 40_000)

    def run(self, command: str, fails: float = 0.02, to: str = "") -> Iterator[Event]:
        """Yield a command, now and then after a typo of it."""
        self.time += self._random.randint(2, 90)
        if self.chance(0.015) and len(command) > 4:
            at = self._random.randrange(1, min(len(command) - 1, 8))
            typo = command[:at] + command[at + 1] + command[at] + command[at + 2 :]
            if typo != command:
                yield self._event(typo, 127)
        failed = not to and self.chance(fails)
        yield self._event(command, int(failed))
        self.status = int(failed)
        self.directory = to or self.directory

    def _event(self, command: str, status: int) -> Event:
        here = next((p for p in self.projects if (self.directory + "/").startswith(p.directory + "/")), None)
        made, gone = tuple(self._makes), tuple(self._removes)
        self._makes.clear()
        self._removes.clear()
        return Event(self.time, self.directory, here.branch if here else "", status, command, made, gone)

    def _go(self, project: _Project) -> Iterator[Event]:
        if self.directory == project.directory:
            return
        if self.directory != "~" and self.chance(0.3):
            yield from self.run("cd", to="~")
        ways = [f"cd ~/src/{project.name}"]
        if self.directory == "~":
            ways.append(f"cd src/{project.name}")
        elif self.directory.startswith("~/src/") and self.directory.count("/") == 2:
            ways.append(f"cd ../{project.name}")
        yield from self.run(self.zipf(ways, 0.5), to=project.directory)
        if self.chance(0.6):
            yield from self.run(
                self.usual("arrive", ["git status", "ls", "git pull", "ls -la", "git log --oneline -5"])
            )
        if project.kind == "python" and self.chance(0.7):
            self._make(project, ".venv/bin/activate")
            yield from self.run("source .venv/bin/activate")

    def _activity(self, project: _Project) -> Iterator[Event]:
        common = [self._work, self._look, self._work, self._commit, self._branch, self._odd]
        own = {
            "python": [self._python], "web": [self._web], "c": [self._c], "infra": [self._infra, self._remote],
            "notes": [self._look],
        }[project.kind]  # fmt: skip
        yield from self._random.choice([*common, *own, *own])(project)
        if self.chance(0.12):
            yield from self._system(project)

    def _file(self, project: _Project) -> str:
        return self.zipf(project.files[::-1], 0.8)

    def _edit(self, project: _Project) -> Iterator[Event]:
        editor = self.usual("editor", ["vim", "nvim", "code", "less"], 3.0)
        if self.chance(0.12):
            file = self._new_file(project)
            yield from self.run(f"{editor} {file}")
            self._make(project, file)  # it is there from now on
        else:
            yield from self.run(f"{editor} {self._file(project)}")

    def _work(self, project: _Project) -> Iterator[Event]:
        test = self._test_of(project)
        for _ in range(self._random.randint(1, 4)):
            yield from self._edit(project)
            yield from self.run(test, fails=0.4)
            while self.status:
                if self.chance(0.7):
                    yield from self._edit(project)
                yield from self.run(test, fails=0.35)
        if self.chance(0.6):
            yield from self._commit(project)

    def _test_of(self, project: _Project) -> str:
        match project.kind:
            case "python":
                tests = [file for file in project.files if file.startswith("tests/")] or ["tests"]
                ways = ["make test", "pytest -q", f"pytest -q {self.zipf(tests[::-1])}", "pytest -x --lf"]
            case "web":
                ways = ["npm test", "npm run lint", "npx tsc --noEmit", "npm run build"]
            case "c":
                ways = ["make", "make -j4", "make test", "cmake --build build && ctest --test-dir build"]
            case "infra":
                ways = ["ansible-lint site.yml", "docker compose config", "ansible-playbook site.yml --check"]
            case _:
                ways = ["make html", "aspell check index.md", "wc -w index.md"]
        return self.usual(f"test {project.name}", ways, 1.6)

    def _commit(self, project: _Project) -> Iterator[Event]:
        if self.chance(0.7):
            yield from self.run(self.usual("status", ["git status", "git status -s", "git diff --stat"], 2.0))
        if self.chance(0.5):
            yield from self.run("git diff" if self.chance(0.7) else f"git diff {self._file(project)}")
        added = self.usual("add", ["git add -A", "git add -p", "git add ."], 2.0)
        yield from self.run(added if self.chance(0.7) else f"git add {self._file(project)}")
        message = f"{self._random.choice(_VERBS).capitalize()} {self.word()} {self.word()}"
        yield from self.run(f'git commit -m "{message}"', fails=0.05)
        project.commits += 1
        if self.chance(0.5):
            yield from self.run(
                "git push" if project.branch == "main" or self.chance(0.8) else self._first_push(project)
            )

    def _first_push(self, project: _Project) -> str:
        return f"git push -u origin {project.branch}"

    def _branch(self, project: _Project) -> Iterator[Event]:
        if project.branch == "main":
            name = f"{self.usual('branch', ['feature', 'fix', 'wip'])}/{self.word()}-{self.word()}"
            yield from self.run(f"{self.usual('new branch', ['git checkout -b', 'git switch -c'], 3.0)} {name}")
            project.branch = name
            project.branches.append(name)
            return
        yield from self.run(f"{self.usual('to branch', ['git checkout', 'git switch'], 3.0)} main")
        old, project.branch = project.branch, "main"
        yield from self.run("git pull")
        if self.chance(0.7):
            yield from self.run(f"git merge {old}", fails=0.1)
            yield from self.run("git push")
        if self.chance(0.6):
            yield from self.run(f"git branch -d {old}")
            project.branches.remove(old)

    def _look(self, project: _Project) -> Iterator[Event]:
        for _ in range(self._random.randint(1, 3)):
            match self._random.randrange(6):
                case 0:
                    yield from self.run(self.usual("list", ["ls", "ls -la", "ls -lh", "tree -L 2"], 2.0))
                case 1:
                    tool = self.usual("search", ["rg", "grep -rn", "git grep"], 2.5)
                    yield from self.run(f"{tool} {self.word()}" + (" src" if self.chance(0.4) else ""))
                case 2:
                    yield from self.run(
                        f"{self.usual('show', ['cat', 'less', 'bat', 'head -20'], 2.0)} {self._file(project)}"
                    )
                case 3:
                    yield from self.run(self.usual("log", ["git log --oneline -10", "git log", "git log -p -1"], 1.5))
                case 4:
                    yield from self.run(f"wc -l {self._file(project)}")
                case _:
                    folders = sorted({file.rpartition("/")[0] for file in project.files} - {""})
                    if folders and self.directory == project.directory:
                        folder = self.zipf(folders)
                        yield from self.run(f"cd {folder}", to=f"{self.directory}/{folder}")
                        yield from self.run(self.usual("list", ["ls"], 2.0))
                        above = "/".join([".."] * (folder.count("/") + 1))
                        back = self.usual("back", ["-", ".."], 1.0)
                        yield from self.run("cd -" if back == "-" else f"cd {above}", to=project.directory)

    def _python(self, project: _Project) -> Iterator[Event]:
        match self._random.randrange(5):
            case 0:
                yield from self.run(
                    f"pip install {self._random.choice(['numpy', 'requests', 'rich', 'httpx', 'attrs'])}"
                )
            case 1:
                yield from self.run("ruff check .", fails=0.3)
                yield from self.run("ruff format .")
            case 2:
                yield from self.run(f"python -m {project.name} --help")
            case 3:
                yield from self.run(f"python {self._file(project)}", fails=0.3)
            case _:
                yield from self.run("mypy src", fails=0.4)

    def _web(self, project: _Project) -> Iterator[Event]:
        match self._random.randrange(4):
            case 0:
                yield from self.run(f"npm install {self._random.choice(['zod', 'date-fns', 'clsx', 'vitest -D'])}")
            case 1:
                yield from self.run("npm run dev")
            case 2:
                yield from self.run(f"npx prettier --write {self._file(project)}")
            case _:
                yield from self.run("curl -s http://localhost:5173/api/health | jq .")

    def _c(self, project: _Project) -> Iterator[Event]:
        yield from self.run("cmake -B build -DCMAKE_BUILD_TYPE=" + self.usual("build type", ["Debug", "Release"]))
        yield from self.run("cmake --build build", fails=0.2)
        self._make(project, f"build/{project.name}")
        if self.chance(0.6):
            yield from self.run(f"./build/{project.name} --{self.word()} {self._random.randint(1, 64)}", fails=0.2)
        if self.chance(0.2):
            yield from self.run(f"gdb ./build/{project.name}")

    def _infra(self, _: _Project) -> Iterator[Event]:
        service = self.usual("service", ["web", "db", "worker", "proxy"])
        for command in (
            self.usual("up", ["docker compose up -d", f"docker compose up -d {service}"], 2.0),
            "docker compose ps",
            f"docker compose logs -f {service}",
        ):
            if self.chance(0.75):
                yield from self.run(command)
        if self.chance(0.3):
            yield from self.run(f"docker compose exec {service} {self.usual('shell', ['bash', 'sh'])}")
        if self.chance(0.4):
            yield from self.run("docker compose down")

    def _remote(self, project: _Project) -> Iterator[Event]:
        host = self.usual("host", _HOSTS)
        match self._random.randrange(4):
            case 0:
                yield from self.run(f"ssh {host}")
            case 1:
                yield from self.run(f"ssh {host} sudo systemctl restart {self.usual('remote service', _SERVICES)}")
            case 2:
                yield from self.run(f"rsync -avz ./ {host}:/srv/{project.name}/")
            case _:
                yield from self.run(f"ansible-playbook site.yml -l {host.partition('.')[0]} --tags {self.word()}")

    def _system(self, _: _Project) -> Iterator[Event]:
        match self._random.randrange(6):
            case 0:
                yield from self.run("sudo apt update")
                yield from self.run("sudo apt upgrade -y" if self.chance(0.7) else "apt list --upgradable")
            case 1:
                yield from self.run(f"sudo apt install {self._random.choice(_PACKAGES)}")
            case 2:
                service = self.usual("local service", _SERVICES)
                yield from self.run(f"sudo systemctl {self.usual('verb', ['status', 'restart', 'stop'])} {service}")
                yield from self.run(f"journalctl -u {service} -n {self._random.choice([20, 50, 100])}")
            case 3:
                yield from self.run(self.usual("usage", ["df -h", "du -sh *", "free -h", "htop"]))
            case 4:
                yield from self.run(f"ps aux | grep {self._random.choice(['python', 'node', 'nginx', 'postgres'])}")
            case _:
                yield from self.run(f"kill {self._random.randint(1000, 60000)}")

    def _odd(self, project: _Project) -> Iterator[Event]:
        match self._random.randrange(6):
            case 0:
                yield from self.run(f"for f in *.{self.word()}; do mv $f ${{f%.*}}.bak; done")
            case 1:
                yield from self.run(f"tar czf ~/Downloads/{project.name}-{self._random.randint(1, 30)}.tar.gz src")
            case 2:
                yield from self.run(f"find . -name '*{self.word()}*' -mtime -{self._random.randint(1, 9)}")
            case 3:
                yield from self.run("git stash && git pull && git stash pop")
            case 4:
                yield from self.run(f"git checkout {self._file(project)}")
            case _:
                if len(project.files) > 12:
                    gone = self._random.choice(project.files[3:])
                    yield from self.run(f"git rm {gone}")
                    project.files.remove(gone)
                    self._removes.append(f"src/{project.name}/{gone}")

    # --- files -----------------------------------------------------------------------------------------
    def _project(self, name: str, kind: str) -> _Project:
        always, one, other = _LAYOUTS[kind]
        words = self._random.sample(_WORDS, 7)
        return _Project(
            name, kind, [*always, *(pattern.format(name=name, word=w) for w in words for pattern in (one, other))]
        )

    def _new_file(self, project: _Project) -> str:
        pattern = self._random.choice(_LAYOUTS[project.kind][1:])
        file = pattern.format(name=project.name, word=f"{self.word()}_{self.word()}")
        if file not in project.files:
            project.files.append(file)
        return file

    def _make(self, project: _Project, file: str) -> None:
        self._makes.append(f"src/{project.name}/{file}")


def simulate(seed: int, count: int) -> Iterator[Event]:
    """Yield so many commands of the person of a seed."""
    for _, event in zip(range(count), Person(seed).events(), strict=False):
        yield event

"""The tree looks after its own tidiness: each check below is a rule, and says which line breaks it.

It looks at what is tracked, or would be if it were added now.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LARGEST = 300 * 1024
# About a page.
DECISION_LINES, DECISION_WORDS = 80, 700
SOURCES = ("Sources/", "Tests/", "Public/", "Benchmarks/", "script/", ".ci/", "Package.swift")
# Each waits for a condition and rests between two looks at it.
RESTING_PLACES = {
    "Tests/Browser/browser.py", "Tests/Browser/mall.py", "Tests/TestSupport/Eventually.swift",
    "Tests/EventStoreTestSupport/Branch.swift", "Tests/Features/people.py", "Tests/MallTests/LivePage.swift",
    "Tests/Transport/wire.py",
}


def tracked():
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True)
    return sorted(path for path in listed.stdout.decode().split("\0") if path and (ROOT / path).is_file())


FILES = tracked()


def texts(*beginnings):
    """The text files below `beginnings`, without this one, which has to name what it forbids."""
    for path in FILES:
        if path != "Tests/Tidy/tidy.py" and (not beginnings or path.startswith(beginnings)):
            data = (ROOT / path).read_bytes()
            if b"\0" not in data:
                yield path, data.decode("utf-8", "replace")


def matches(pattern, *beginnings, but=()):
    found = re.compile(pattern)
    for path, text in texts(*beginnings):
        if path not in but:
            for number, line in enumerate(text.split("\n"), 1):
                if found.search(line):
                    yield f"{path}:{number}: {line.strip()[:120]}"


def no_path_of_one_machine():
    return matches(r"(?<![\w.~/-])/(work|home|root|Users|opt|mnt|workspace)/[\w.-]")


def no_secrets():
    return matches(
        r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bgh[opsu]_\w{36}|\bxox[abpr]-\w{10}|\bsk-[A-Za-z0-9]{20}"
        r"|://\w+:[^@/\s$<{]+@[\w.-]*[a-z]")


def no_notes_to_self():
    return matches(r"\b(TODO|FIXME|XXX|HACK)\b", *SOURCES)


def waiting_is_for_a_condition():
    return matches(
        r"\bTask\.sleep\b|(?<![.\w])(?:u|nano)?sleep\((?!for)|\btime\.sleep\b|wait_for_timeout|^\s*sleep [0-9]", "Sources/", "Tests/",
        but=RESTING_PLACES)


def no_trailing_whitespace():
    # A case of a protocol may end a line in a blank, and a line of the protocol ends in a return.
    for path, text in texts():
        if "/Cases/" in path or "/Corpora/" in path or path.endswith(".svg"):
            continue
        for number, line in enumerate(text.split("\n"), 1):
            if line != line.rstrip():
                yield f"{path}:{number}"
        if text and not text.endswith("\n"):
            yield f"{path} does not end with a line feed"


def no_large_files():
    return (f"{path}: {size} bytes" for path in FILES if (size := (ROOT / path).stat().st_size) > LARGEST)


def no_markers_of_a_merge():
    return matches(r"^(<{7} |>{7} |\|{7} )")


def scripts_can_be_run():
    for path, text in texts("script/", ".ci/"):
        if text.startswith("#!") != bool((ROOT / path).stat().st_mode & 0o111):
            yield f"{path}: it is marked executable or begins with #!, but not both"


def decisions_are_a_page():
    seen = set()
    for path, text in texts("docs/decisions/"):
        number = Path(path).name[:4]
        if not re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", Path(path).name):
            yield f"{path}: expected NNNN-words.md"
        if number in seen:
            yield f"{path}: {number} is taken"
        seen.add(number)
        if len(text.split("\n")) > DECISION_LINES or len(text.split()) > DECISION_WORDS:
            yield f"{path}: {len(text.split())} words in {len(text.split(chr(10)))} lines"
        for heading in ("## Context", "## Options", "## Decision", "## Consequences"):
            if heading not in text:
                yield f"{path}: no {heading}"


def named_files_exist():
    """What the documents name in backquotes or link to, if it looks like a file of this project."""
    for path, text in texts():
        if not path.endswith(".md") or "/Cases/" in path:
            continue
        folder = (ROOT / path).parent
        text = re.sub(r"```.*?```", lambda block: "\n" * block[0].count("\n"), text, flags=re.S)
        for number, line in enumerate(text.split("\n"), 1):
            names = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", line)
            names += [name for name in re.findall(r"`([\w./+-]+)`", line) if name.startswith(SOURCES + ("docs/",))]
            for name in names:
                if not (ROOT / name).exists() and not (folder / name).exists():
                    yield f"{path}:{number}: {name} does not exist"


def the_map_names_every_target():
    readme = (ROOT / "README.md").read_text()
    targets = {Path(path).parts for path in FILES if path.startswith("Sources/") and path.endswith((".swift", ".modulemap"))}
    for parts in sorted({parts[:4] if parts[1:3] == ("Modules", "Platform") else parts[:3] for parts in targets}):
        if f"`{parts[-1]}`" not in readme:
            yield f"{'/'.join(parts)} is not in README.md"
    # And the other way round: a line of the map is a folder that is there.
    names = {parts[2] if parts[1] == "AdminBFF" or parts[2] != "Platform" else parts[3] for parts in targets}
    for row in re.findall(r"^\| `(\w+)` \|", readme, flags=re.M):
        if row not in names:
            yield f"README.md maps {row}, which is not there"


def modules_see_only_what_is_said_aloud():
    """The manifest says it too; this says it of the text, and in a sentence."""
    manifest = (ROOT / "Package.swift").read_text()
    modules = re.findall(r'\.module\("(\w+)"', manifest)
    allowed = {"Kernel", "Contracts", "FoundationEssentials"}
    for module in modules:
        for path, text in texts(f"Sources/Modules/{module}/"):
            for imported in re.findall(r"^(?:public |internal )?import (?:\w+ )?(\w+)", text, flags=re.M):
                if imported not in allowed:
                    yield f"{path} imports {imported}; a module sees Kernel and Contracts"


# The known flaws of the system that this one is to do better than, by the letter of their area.
FLAWS = {"A": 8, "S": 6, "C": 3, "B": 5, "O": 8, "D": 10, "P": 8, "X": 4, "N": 1, "K": 2, "M": 4, "Z": 1}
SCENARIOS = range(1, 85)


# What makes a Swift test able to fail.
EXPECTATION = re.compile(r"#(?:expect|require)\b|\b(?:try|await) (?:await )?(?:expect|until)\w*\(|\bIssue\.record\b")


def swift_tests(text):
    """The name and the body of each test: it ends at the brace that stands where it began."""
    for found in re.finditer(r"^( *)@Test\b[^`{]*?func `([^`]+)`", text, flags=re.M):
        end = re.compile(rf"^{found[1]}\}}", flags=re.M).search(text, found.end())
        yield found[2], text[found.end():end.start() if end else len(text)]


def can_fail(body, text):
    """A test expects something itself, or calls a function of its file that does."""
    if EXPECTATION.search(body):
        return True
    parts = re.split(r"\bfunc (\w+)", text)
    helpers = {name for name, rest in zip(parts[1::2], parts[2::2]) if EXPECTATION.search(rest)}
    return any(name in helpers for name in re.findall(r"\b(\w+)\(", body))


def scenarios(text):
    """The number of each scenario, and its lines."""
    parts = re.split(r"^ *(?=Scenario(?: Outline)?: )", text, flags=re.M)
    for part in parts[1:]:
        if found := re.match(r"Scenario(?: Outline)?: (\d+) \S", part):
            yield int(found[1]), part


def named_by_tests():
    """What the tests are named after, one name a test. `rows 3 to 5` are 3, 4 and 5. What only a comment names, or a test
    that expects nothing, is not tested."""
    rows, flaws, idle = set(), set(), []
    for path, text in texts("Tests/"):
        if path.endswith(".feature"):
            for number, lines in scenarios(text):
                rows.add(number)
                flaws |= set(re.findall(r"\bF-[A-Z]\d+", lines.split("\n")[0]))
                if not re.search(r"^ *Then \S", lines, flags=re.M):
                    idle.append(f"{path}: scenario {number} expects nothing")
        for name, body in swift_tests(text) if path.endswith("Tests.swift") or "Tests+" in path else ():
            found_rows, found_flaws = set(), set()
            for words in re.findall(r"\b[Rr]ows? (\d+(?:(?:,| and| to) \d+)*)", name):
                found_rows |= {int(number) for number in re.findall(r"\d+", words)}
                for first, last in re.findall(r"(\d+) to (\d+)", words):
                    found_rows |= set(range(int(first), int(last) + 1))
            for area, first, last in re.findall(r"\bF-([A-Z])(\d+)(?: to F-[A-Z](\d+))?", name):
                found_flaws |= {f"F-{area}{number}" for number in range(int(first), int(last or first) + 1)}
            if (found_rows or found_flaws) and not can_fail(body, text):
                idle.append(f"{path}: `{name}` expects nothing")
            rows |= found_rows
            flaws |= found_flaws
    return rows, flaws, idle


def every_scenario_and_every_known_flaw_has_its_test():
    """F-A7: what is not tested by name is not settled."""
    rows, flaws, idle = named_by_tests()
    yield from idle
    # That one is that there were no tests; this check is its test.
    flaws.add("F-A7")
    for number in SCENARIOS:
        if number not in rows:
            yield f"no test or feature is named after scenario {number}"
    for area, count in FLAWS.items():
        for number in range(1, count + 1):
            if f"F-{area}{number}" not in flaws:
                yield f"no test is named after the flaw F-{area}{number}"
    script = (ROOT / "script/test").read_text()
    parts = "format tidy page build release tests conformance features transport browser"
    for part in parts.split():
        if not re.search(rf"\bpart {part} ", script):
            yield f"script/test does not run its part {part}"


CHECKS = [
    no_path_of_one_machine, no_secrets, no_notes_to_self, waiting_is_for_a_condition, no_trailing_whitespace, no_large_files,
    no_markers_of_a_merge, scripts_can_be_run, decisions_are_a_page, named_files_exist, the_map_names_every_target,
    modules_see_only_what_is_said_aloud, every_scenario_and_every_known_flaw_has_its_test,
]


def main():
    failed = 0
    for check in CHECKS:
        broken = list(check())
        name = check.__name__.replace("_", " ")
        print(f"{'failed' if broken else 'ok'} {name}")
        for line in broken:
            print(f"  {line}")
        failed += bool(broken)
    print(f"{len(CHECKS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""Takes into the records what other records hold: those of another machine, or of one submission that was run there."""

import sqlite3
from pathlib import Path

from autograder.errors import UserError
from autograder.running.database import for_the_owner, opened
from autograder.running.records import Records
from autograder.running.texts import Texts

# Equal keys and times mean one and the same run. It has a number of its own in each database.
SAME = "ours.key = theirs.key AND ours.made = theirs.made"
NUMBER = (
    f"(SELECT ours.id FROM executions ours JOIN other.executions theirs ON {SAME} WHERE theirs.id = {{}}.execution)"
)


def merge(records: Records, folder: Path) -> int:
    """Take in the records in another folder, with the seeds that ours lack. Return how many executions are new.

    Raises UserError, and changes nothing, if there are none, or if a seed is another one than ours.
    """
    if not (folder / records.path.name).is_file():
        raise UserError(f"There are no records in {folder}: {records.path.name} is missing.")
    seeds = {records.place / path.name: path.read_text() for path in sorted(folder.glob("*.seed"))}
    for ours, text in seeds.items():
        if ours.exists() and ours.read_text().strip() != text.strip():
            raise UserError(
                f"Nothing was taken in: {folder / ours.name} is not the seed of this class, so that its grades would "
                "not be comparable. Copy the seed to the other machine before it grades."
            )
    records.place.mkdir(parents=True, exist_ok=True)
    for ours, text in seeds.items():
        with open(ours, "w", opener=for_the_owner) as file:
            file.write(text)
    return take_in(records, folder / records.path.name)


def take_in(records: Records, other: Path) -> int:
    """Take in what the database in another file holds and ours lacks. Return how many executions these are.

    The lines of both are in the order of their times afterwards, so that the last one of a student is the newest one.
    All of it is written, or nothing. The other file is brought into today's form.
    """
    with opened(other):
        pass
    with records.open() as database:
        database.execute("ATTACH ? AS other", [str(other)])
        database.execute("BEGIN IMMEDIATE")
        Texts(database).take_in("other")
        new = database.execute(
            "INSERT INTO executions (key, repeatable, made, parts, anomalies)"
            " SELECT key, repeatable, made, moved(parts), anomalies FROM other.executions theirs"
            f" WHERE NOT EXISTS (SELECT 1 FROM executions ours WHERE {SAME})"
        ).rowcount
        database.execute(
            "INSERT OR IGNORE INTO judgements (execution, judged_by, parts)"
            f" SELECT {NUMBER.format('found')}, judged_by, moved(parts) FROM other.judgements found"
        )
        for table in ("releases", "aside"):
            database.execute(f"INSERT OR IGNORE INTO {table} SELECT * FROM other.{table}")
        if database.execute("SELECT 1 FROM other.lines LIMIT 1").fetchone():
            _in_order(database)
    return new


def _in_order(database: sqlite3.Connection) -> None:
    """Write the lines of both databases anew, the oldest first, and each of them once."""
    names = [row["name"] for row in database.execute("PRAGMA main.table_info(lines)") if row["name"] != "id"]
    here = ", ".join(names)
    other_there = {"execution": NUMBER.format("line"), "verdicts": "moved(verdicts)"}
    there = ", ".join(other_there.get(name, name) for name in names)
    database.execute(
        f"CREATE TEMP TABLE both AS SELECT {here} FROM lines UNION SELECT {there} FROM other.lines line ORDER BY made"
    )
    database.execute("DELETE FROM lines")
    database.execute(f"INSERT INTO lines ({here}) SELECT {here} FROM both ORDER BY made, rowid")
    database.execute("DROP TABLE both")

"""The schema, as steps that only go forward. A step that was ever released is never changed; new ones are appended.

What an occurrence adds (counts, evidence, moments, people, seen entries) hangs on its signature, and the signature
on its cluster: to merge or to split is to let signatures point elsewhere. `open` marks what came of occurrences
that may still grow and is taken back before the next batch is counted. Times are microseconds since 1970.
"""

from __future__ import annotations

import secrets

from sqlite_utils import Database, Migrations

MIGRATIONS = Migrations("log-gardener")


def _all(db: Database, statements: str) -> None:
    """One after the other, within the transaction of the step; none of them has a semicolon in it."""
    for statement in statements.split(";"):
        db.execute(statement)


FIRST = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE clusters (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  changed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX clusters_changed ON clusters (number) WHERE changed;

CREATE TABLE aliases (
  number INTEGER PRIMARY KEY,
  cluster INTEGER NOT NULL REFERENCES clusters,
  CHECK (cluster < number)
) STRICT;
CREATE INDEX aliases_cluster ON aliases (cluster);

CREATE TABLE signatures (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL UNIQUE,
  cluster INTEGER NOT NULL REFERENCES clusters,
  version INTEGER NOT NULL,
  body TEXT NOT NULL,
  moments INTEGER NOT NULL DEFAULT 0,
  users INTEGER NOT NULL DEFAULT 0,
  clients INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX signatures_cluster ON signatures (cluster);

CREATE TABLE counts (
  signature INTEGER NOT NULL REFERENCES signatures,
  bucket INTEGER NOT NULL,
  environment TEXT NOT NULL,
  revision TEXT NOT NULL,
  open INTEGER NOT NULL,
  entries INTEGER NOT NULL,
  occurrences INTEGER NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  level INTEGER NOT NULL,
  PRIMARY KEY (signature, bucket, environment, revision, open)
) STRICT, WITHOUT ROWID;
CREATE INDEX counts_last ON counts (last);
CREATE INDEX counts_open ON counts (open) WHERE open = 1;

CREATE TABLE evidence (
  signature INTEGER NOT NULL REFERENCES signatures,
  open INTEGER NOT NULL,
  key INTEGER NOT NULL,
  time INTEGER NOT NULL,
  entry TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (signature, open, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX evidence_open ON evidence (open) WHERE open = 1;

CREATE TABLE moments (
  signature INTEGER NOT NULL REFERENCES signatures,
  open INTEGER NOT NULL,
  time INTEGER NOT NULL,
  key INTEGER NOT NULL,
  instance TEXT NOT NULL,
  trace TEXT NOT NULL,
  revision TEXT NOT NULL,
  PRIMARY KEY (signature, open, time, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX moments_open ON moments (open) WHERE open = 1;

CREATE TABLE people (
  signature INTEGER NOT NULL REFERENCES signatures,
  kind TEXT NOT NULL CHECK (kind IN ('user', 'client')),
  hash TEXT NOT NULL,
  open INTEGER NOT NULL,
  PRIMARY KEY (signature, open, kind, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX people_open ON people (open) WHERE open = 1;

CREATE TABLE seen (
  key INTEGER PRIMARY KEY,
  bucket INTEGER NOT NULL,
  signature INTEGER
) STRICT;

CREATE TABLE edge (position INTEGER PRIMARY KEY, key INTEGER NOT NULL, body TEXT NOT NULL) STRICT;

CREATE TABLE rounds (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  source TEXT NOT NULL,
  window_start INTEGER NOT NULL,
  window_end INTEGER NOT NULL,
  began INTEGER NOT NULL,
  concluded INTEGER,
  entries INTEGER NOT NULL DEFAULT 0,
  note TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE cursors (source TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE deployments (
  key INTEGER PRIMARY KEY,
  time INTEGER NOT NULL,
  service TEXT NOT NULL,
  environment TEXT NOT NULL,
  revision TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX deployments_time ON deployments (time);

CREATE TABLE incidents (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  root INTEGER NOT NULL REFERENCES clusters,
  start INTEGER NOT NULL,
  end INTEGER NOT NULL,
  reason TEXT NOT NULL
) STRICT;
CREATE INDEX incidents_root ON incidents (root);
CREATE INDEX incidents_end ON incidents (end);
CREATE TABLE members (
  incident INTEGER NOT NULL REFERENCES incidents ON DELETE CASCADE,
  cluster INTEGER NOT NULL REFERENCES clusters,
  PRIMARY KEY (incident, cluster)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_cluster ON members (cluster);

CREATE TABLE triage (
  cluster INTEGER PRIMARY KEY REFERENCES clusters,
  severity TEXT NOT NULL,
  by TEXT NOT NULL DEFAULT '',
  at INTEGER NOT NULL,
  body TEXT NOT NULL,
  match TEXT
) STRICT;

CREATE TABLE analyses (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  cluster INTEGER NOT NULL REFERENCES clusters,
  source TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  made_at INTEGER,
  analysis TEXT NOT NULL,
  audit TEXT NOT NULL
) STRICT;
CREATE INDEX analyses_cluster ON analyses (cluster, id);

CREATE TABLE spend (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  purpose TEXT NOT NULL,
  model TEXT NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  dollars REAL
) STRICT;
CREATE INDEX spend_at ON spend (at);

CREATE TABLE issues (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  repository TEXT NOT NULL,
  number INTEGER NOT NULL,
  state TEXT NOT NULL,
  updated_at INTEGER,
  pull_request INTEGER NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (repository, number)
) STRICT;
CREATE VIRTUAL TABLE issue_texts USING fts5 (title, body, comments, tokenize = 'porter unicode61');
CREATE TABLE markers (
  issue INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE,
  cluster INTEGER NOT NULL,
  signature TEXT NOT NULL,
  PRIMARY KEY (issue, cluster, signature)
) STRICT, WITHOUT ROWID;
CREATE INDEX markers_cluster ON markers (cluster);
CREATE INDEX markers_signature ON markers (signature);
CREATE TABLE syncs (repository TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE links (
  cluster INTEGER PRIMARY KEY REFERENCES clusters,
  repository TEXT NOT NULL,
  number INTEGER NOT NULL,
  who TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE proposals (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  cluster INTEGER NOT NULL REFERENCES clusters,
  draft TEXT NOT NULL,
  stage TEXT NOT NULL,
  marker TEXT NOT NULL UNIQUE,
  digest TEXT NOT NULL,
  made_at INTEGER NOT NULL,
  made_by TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  as_of INTEGER NOT NULL,
  issue INTEGER NOT NULL DEFAULT 0,
  url TEXT NOT NULL DEFAULT '',
  note TEXT NOT NULL DEFAULT '',
  worker TEXT NOT NULL DEFAULT '',
  lease_until INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX proposals_cluster ON proposals (cluster, id);
CREATE UNIQUE INDEX proposals_open ON proposals (cluster) WHERE stage = 'open';
CREATE INDEX proposals_due ON proposals (stage) WHERE stage IN ('open', 'approved', 'filing');

CREATE TABLE decisions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  proposal INTEGER NOT NULL REFERENCES proposals,
  verb TEXT NOT NULL,
  who TEXT NOT NULL,
  at INTEGER NOT NULL,
  digest TEXT NOT NULL,
  via TEXT NOT NULL,
  words TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX decisions_via ON decisions (via) WHERE via <> '';
CREATE INDEX decisions_proposal ON decisions (proposal);

CREATE TABLE messages (
  purpose TEXT PRIMARY KEY,
  channel TEXT NOT NULL,
  ts TEXT NOT NULL,
  thread TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX messages_place ON messages (channel, ts);
CREATE TABLE deliveries (id TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE history (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  who TEXT NOT NULL,
  verb TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
CREATE INDEX history_subject ON history (subject, id);
"""

ONLY_ADDED_TO = """
CREATE TRIGGER history_no_{verb} BEFORE {verb} ON history
BEGIN SELECT RAISE(ABORT, 'the history is only ever added to'); END
"""


@MIGRATIONS()
def m0001_first(db: Database) -> None:
    _all(db, FIRST)
    for verb in ("UPDATE", "DELETE"):
        db.execute(ONLY_ADDED_TO.format(verb=verb))
    db.execute("INSERT INTO meta VALUES ('secret', ?)", [secrets.token_bytes(32)])


MINED = """
ALTER TABLE signatures ADD COLUMN mined INTEGER NOT NULL DEFAULT 0;
ALTER TABLE signatures ADD COLUMN apart TEXT NOT NULL DEFAULT '';
CREATE INDEX signatures_unmined ON signatures (id) WHERE mined < 2;
CREATE INDEX signatures_family ON signatures (json_extract(body, '$.service'), json_extract(body, '$.kind'))
"""
"""`mined`: how far a signature was compared with others; `apart`: who split it off, for good."""


@MIGRATIONS()
def m0002_mined(db: Database) -> None:
    _all(db, MINED)


SEEN_BY_HOUR = """
CREATE TABLE seen_by_hour (
  bucket INTEGER NOT NULL,
  key INTEGER NOT NULL,
  signature INTEGER,
  PRIMARY KEY (bucket, key)
) STRICT, WITHOUT ROWID;
ALTER TABLE edge ADD COLUMN bucket INTEGER NOT NULL DEFAULT 0;
UPDATE edge SET bucket = (SELECT bucket FROM seen WHERE seen.key = edge.key);
INSERT INTO seen_by_hour SELECT bucket, key, signature FROM seen ORDER BY bucket, key;
DROP TABLE seen;
ALTER TABLE seen_by_hour RENAME TO seen
"""
"""What is read next is looked up and remembered beside what was read last, however much there is before."""


@MIGRATIONS()
def m0003_seen_by_hour(db: Database) -> None:
    _all(db, SEEN_BY_HOUR)


TOUCHED = """
ALTER TABLE clusters ADD COLUMN since INTEGER;
ALTER TABLE clusters ADD COLUMN until INTEGER
"""
"""The span in which a changed cluster changed, by buckets; nothing there means that all of it did."""


@MIGRATIONS()
def m0004_touched(db: Database) -> None:
    _all(db, TOUCHED)


MIRROR = """
DROP TABLE syncs;
CREATE TABLE syncs (repository TEXT PRIMARY KEY, mark TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE issue_comments (
  repository TEXT NOT NULL,
  id INTEGER NOT NULL,
  issue INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (repository, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX issue_comments_issue ON issue_comments (repository, issue, id);
CREATE TABLE issue_facts (
  repository TEXT NOT NULL,
  number INTEGER NOT NULL,
  severity_by TEXT NOT NULL DEFAULT '',
  "commit" TEXT NOT NULL DEFAULT '',
  pull INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (repository, number)
) STRICT, WITHOUT ROWID
"""
"""Comments come by themselves, for the whole repository; the tracker is read once from the beginning."""


@MIGRATIONS()
def m0005_mirror(db: Database) -> None:
    _all(db, MIRROR)


BILLS = """
ALTER TABLE spend ADD COLUMN round INTEGER NOT NULL DEFAULT 0;
ALTER TABLE spend ADD COLUMN known INTEGER NOT NULL DEFAULT 1;
ALTER TABLE spend ADD COLUMN note TEXT NOT NULL DEFAULT ''
"""
"""`dollars` counts towards the ceilings; where not `known`, it is the most that it can be. `round` 0: a person."""


@MIGRATIONS()
def m0006_bills(db: Database) -> None:
    _all(db, BILLS)


STANCES = """
CREATE TABLE stances (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  cluster INTEGER NOT NULL,
  stand TEXT NOT NULL,
  until INTEGER,
  ended INTEGER,
  body TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX stances_hold ON stances (cluster, (stand = 'taken')) WHERE ended IS NULL;
CREATE TABLE deeds (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  who TEXT NOT NULL,
  at INTEGER NOT NULL,
  undone INTEGER,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX deeds_who ON deeds (who, id) WHERE undone IS NULL;
CREATE TABLE unlinked (
  cluster INTEGER NOT NULL,
  repository TEXT NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (cluster, repository, number)
) STRICT, WITHOUT ROWID
"""
"""What people say of clusters, one owner and one silence each; what they changed; what they said it is not."""


@MIGRATIONS()
def m0007_stances(db: Database) -> None:
    _all(db, STANCES)


VIGIL = """
CREATE TABLE conditions (
  key TEXT NOT NULL,
  since INTEGER NOT NULL,
  what TEXT NOT NULL,
  mend TEXT NOT NULL,
  well INTEGER,
  over INTEGER,
  told INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (key, since)
) STRICT, WITHOUT ROWID;
CREATE TABLE strikes (
  part TEXT PRIMARY KEY,
  count INTEGER NOT NULL,
  since INTEGER NOT NULL,
  words TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE rhythm (
  source TEXT NOT NULL,
  hour INTEGER NOT NULL,
  entries INTEGER NOT NULL,
  PRIMARY KEY (source, hour)
) STRICT, WITHOUT ROWID
"""
"""What was said of our own silence (`told`: 1 that it began, 2 that it is over), what fails how often in a row, and how
many entries each source had in each hour."""


@MIGRATIONS()
def m0008_vigil(db: Database) -> None:
    _all(db, VIGIL)


SOURCES = """
CREATE TABLE sources (
  name TEXT PRIMARY KEY,
  active INTEGER NOT NULL DEFAULT 1,
  since INTEGER,
  asked INTEGER,
  checked INTEGER,
  newest INTEGER,
  error TEXT NOT NULL DEFAULT '',
  words TEXT NOT NULL DEFAULT '',
  error_since INTEGER,
  failures INTEGER NOT NULL DEFAULT 0,
  too_late INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE TABLE stretches (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  source TEXT NOT NULL,
  aim TEXT NOT NULL,
  start INTEGER NOT NULL,
  end INTEGER NOT NULL,
  at INTEGER NOT NULL,
  arrived INTEGER,
  token TEXT NOT NULL,
  asked TEXT NOT NULL
) STRICT;
CREATE TABLE too_late (key INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT;
CREATE INDEX too_late_at ON too_late (at);
CREATE TABLE pages (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  project TEXT NOT NULL,
  use TEXT NOT NULL,
  at INTEGER NOT NULL,
  until INTEGER NOT NULL
) STRICT;
CREATE TABLE waiting (
  project TEXT NOT NULL,
  use TEXT NOT NULL,
  until INTEGER NOT NULL,
  PRIMARY KEY (project, use)
) STRICT, WITHOUT ROWID;
ALTER TABLE edge ADD COLUMN lane TEXT NOT NULL DEFAULT '';
ALTER TABLE rounds ADD COLUMN baseline INTEGER NOT NULL DEFAULT 0;
INSERT INTO sources (name, asked, checked, newest) SELECT source, at, at, at FROM cursors WHERE source LIKE 'cloud:%';
DELETE FROM cursors WHERE source LIKE 'cloud:%';
UPDATE edge SET lane = coalesce((SELECT min(name) FROM sources), '')
"""
"""What was read of each source and is still to be read of it, and the pages that were asked for in the last minute."""


@MIGRATIONS()
def m0009_sources(db: Database) -> None:
    _all(db, SOURCES)


CAUSES = """
CREATE TABLE wrong_causes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  cluster INTEGER NOT NULL,
  source TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX wrong_causes_cluster ON wrong_causes (cluster, id);
CREATE TABLE lessons (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  cluster INTEGER NOT NULL,
  issue TEXT NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (cluster, issue)
) STRICT
"""
"""What people said of causes: that one is wrong, or that a change which closed the issue mended it."""


@MIGRATIONS()
def m0010_causes(db: Database) -> None:
    _all(db, CAUSES)


OUTBOX = """
CREATE TABLE decided AS SELECT * FROM decisions;
DROP TABLE decisions;
CREATE TABLE proposals_anew (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  cluster INTEGER REFERENCES clusters,
  draft TEXT NOT NULL,
  stage TEXT NOT NULL,
  marker TEXT NOT NULL UNIQUE,
  digest TEXT NOT NULL,
  made_at INTEGER NOT NULL,
  made_by TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  as_of INTEGER NOT NULL,
  issue INTEGER NOT NULL DEFAULT 0,
  url TEXT NOT NULL DEFAULT '',
  note TEXT NOT NULL DEFAULT '',
  worker TEXT NOT NULL DEFAULT '',
  lease_until INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0,
  retry_at INTEGER
) STRICT;
INSERT INTO proposals_anew SELECT *, NULL FROM proposals;
DROP TABLE proposals;
ALTER TABLE proposals_anew RENAME TO proposals;
CREATE INDEX proposals_cluster ON proposals (cluster, id);
CREATE UNIQUE INDEX proposals_open ON proposals (cluster) WHERE stage = 'open';
CREATE INDEX proposals_due ON proposals (stage) WHERE stage IN ('open', 'approved', 'filing');
CREATE TABLE decisions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  proposal INTEGER NOT NULL REFERENCES proposals,
  verb TEXT NOT NULL,
  who TEXT NOT NULL,
  at INTEGER NOT NULL,
  digest TEXT NOT NULL,
  via TEXT NOT NULL,
  words TEXT NOT NULL
) STRICT;
INSERT INTO decisions SELECT * FROM decided;
DROP TABLE decided;
CREATE UNIQUE INDEX decisions_via ON decisions (via) WHERE via <> '';
CREATE INDEX decisions_proposal ON decisions (proposal);
CREATE TABLE always (
  repository TEXT NOT NULL,
  number INTEGER NOT NULL,
  who TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (repository, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE repository_files (
  repository TEXT NOT NULL,
  path TEXT NOT NULL,
  at INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (repository, path)
) STRICT, WITHOUT ROWID
"""
"""A proposal may be of an issue alone; what could not be filed says when it is tried again; `approve always`."""


@MIGRATIONS()
def m0011_outbox(db: Database) -> None:
    _all(db, OUTBOX)


CHANNELS = """
CREATE TABLE wishes (
  channel TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  who TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (channel, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE heard (
  channel TEXT PRIMARY KEY,
  body TEXT NOT NULL
) STRICT;
CREATE TABLE posting (
  purpose TEXT PRIMARY KEY,
  channel TEXT NOT NULL,
  thread TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT
"""
"""What was said in a channel about itself; what it was told last; and what was about to be posted."""


@MIGRATIONS()
def m0012_channels(db: Database) -> None:
    _all(db, CHANNELS)


TOTALS = """
CREATE TABLE totals (
  signature INTEGER PRIMARY KEY REFERENCES signatures,
  entries INTEGER NOT NULL,
  occurrences INTEGER NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  level INTEGER NOT NULL
) STRICT;
INSERT INTO totals SELECT signature, sum(entries), sum(occurrences), min(first), max(last), max(level)
  FROM counts WHERE open = 0 GROUP BY signature
"""
"""What all closed counts of a signature come to, so that a round need not read all of them."""


@MIGRATIONS()
def m0013_totals(db: Database) -> None:
    _all(db, TOTALS)


@MIGRATIONS()
def m0014_said(db: Database) -> None:
    """Markers in comments count, too, after those in bodies."""
    db.execute("ALTER TABLE markers ADD COLUMN said INTEGER NOT NULL DEFAULT 0")


@MIGRATIONS()
def m0015_deliveries(db: Database) -> None:
    """How far a delivery got; what was seen before is done."""
    for column in ("handle TEXT NOT NULL DEFAULT ''", "body TEXT NOT NULL DEFAULT ''", "life TEXT NOT NULL DEFAULT ''",
                   "answer TEXT", "done INTEGER"):  # fmt: skip
        db.execute(f"ALTER TABLE deliveries ADD COLUMN {column}")
    db.execute("UPDATE deliveries SET done = at")
    db.execute("CREATE INDEX deliveries_undone ON deliveries (at) WHERE done IS NULL")


@MIGRATIONS()
def m0016_duplicates(db: Database) -> None:
    """Issues of clusters that turned out to be one, until it is proposed to say so there."""
    db.execute(
        "CREATE TABLE duplicates (repository TEXT NOT NULL, number INTEGER NOT NULL, original INTEGER NOT NULL,"
        " PRIMARY KEY (repository, number)) STRICT, WITHOUT ROWID"
    )


EVER = """
CREATE TABLE shares (
  signature INTEGER NOT NULL REFERENCES signatures,
  environment TEXT NOT NULL,
  entries INTEGER NOT NULL,
  occurrences INTEGER NOT NULL,
  PRIMARY KEY (signature, environment)
) STRICT, WITHOUT ROWID;
INSERT INTO shares SELECT signature, environment, sum(entries), sum(occurrences)
  FROM counts WHERE open = 0 GROUP BY 1, 2;
CREATE TABLE revisions (
  signature INTEGER PRIMARY KEY REFERENCES signatures,
  names TEXT NOT NULL,
  firsts TEXT NOT NULL,
  newest INTEGER NOT NULL
) STRICT;
INSERT INTO revisions
SELECT signature, json_group_array(revision), json_group_array(json_array(bucket, environment)), max(bucket) FROM (
  SELECT signature, min(first) / 300000000 * 300000000 AS bucket, environment, revision
  FROM counts WHERE open = 0 AND revision <> '' GROUP BY 1, 4 ORDER BY 1, 2, 3, 4
) GROUP BY 1
"""
"""Where all closed counts of a signature are, so that a round need not read all of them for that either."""


@MIGRATIONS()
def m0017_ever(db: Database) -> None:
    _all(db, EVER)


AT_HAND = """
DROP INDEX counts_last;
CREATE INDEX counts_last ON counts (last, first);
ALTER TABLE members ADD COLUMN end INTEGER NOT NULL DEFAULT 0;
UPDATE members SET end = (SELECT end FROM incidents WHERE id = incident);
DROP INDEX members_cluster;
CREATE INDEX members_newest ON members (cluster, end);
CREATE INDEX shares_environment ON shares (environment);
CREATE INDEX proposals_filed ON proposals (lease_until) WHERE stage = 'filed'
"""
"""What a round asks of all that ever was is answered from an index, in as many steps as there are answers."""


@MIGRATIONS()
def m0018_at_hand(db: Database) -> None:
    _all(db, AT_HAND)


STEPS = tuple(step.name for step in MIGRATIONS.pending(Database(memory=True, execute_plugins=False)))
"""The names of all steps, in order; stands below them."""

"""The tables of the embedded store.

Personal data (vectors, names, sources, crops) stand only in ``vectors``, ``staged`` and ``cells``,
whose rows are appended or overwritten in place by as many bytes, never deleted or resized (see
cells.py), until a whole table is dropped, which overwrites its pages. All other tables hold
numbers, times and keyed hashes.
"""

from __future__ import annotations

#: "mien" in the file header, so that ``file`` and other programs can tell whose database it is.
APPLICATION_ID = 0x6D69656E
VERSION = 2
#: How tables are called that a server keeps here: no part of the gallery, left out of its copies.
SERVER_PREFIX = "server_"
#: Large enough for several vectors a page.
PAGE_BYTES = 16384

#: Templates of another model, which take the place of ``vectors`` when all are there.
STAGED = "CREATE TABLE staged (slot INTEGER PRIMARY KEY, record BLOB NOT NULL)"
#: What layout 2 has beyond layout 1: galleries of that layout get it when they are opened.
ADDED_IN_2 = (
    STAGED,
    """CREATE TABLE staged_refs (
        reference_id INTEGER PRIMARY KEY REFERENCES refs,
        slot INTEGER,
        problem TEXT)""",
    """CREATE TABLE crops (
        reference_id INTEGER PRIMARY KEY REFERENCES refs,
        cell INTEGER NOT NULL)""",
    """CREATE TABLE edits (
        edit_id INTEGER PRIMARY KEY AUTOINCREMENT,
        at REAL NOT NULL,
        actor TEXT NOT NULL,
        cell INTEGER NOT NULL)""",
    """CREATE TABLE edit_subjects (
        subject_id INTEGER, edit_id INTEGER REFERENCES edits,
        PRIMARY KEY (subject_id, edit_id)) WITHOUT ROWID""",
    "CREATE INDEX edit_subjects_by_edit ON edit_subjects (edit_id)",
)

TABLES = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID",
    "CREATE TABLE vectors (slot INTEGER PRIMARY KEY, record BLOB NOT NULL)",
    "CREATE TABLE free_slots (slot INTEGER PRIMARY KEY)",
    "CREATE TABLE cells (cell INTEGER PRIMARY KEY, data BLOB NOT NULL)",
    """CREATE TABLE free_cells (
        bytes INTEGER, cell INTEGER, PRIMARY KEY (bytes, cell)) WITHOUT ROWID""",
    """CREATE TABLE subjects (
        subject_id INTEGER PRIMARY KEY AUTOINCREMENT,
        name_token BLOB,
        external_token BLOB UNIQUE,
        cell INTEGER NOT NULL)""",
    "CREATE INDEX subjects_by_name ON subjects (name_token)",
    """CREATE TABLE refs (
        reference_id INTEGER PRIMARY KEY AUTOINCREMENT,
        subject_id INTEGER NOT NULL REFERENCES subjects,
        slot INTEGER NOT NULL,
        cell INTEGER NOT NULL,
        content_token BLOB NOT NULL,
        face_index INTEGER NOT NULL,
        enrolled_at REAL NOT NULL,
        UNIQUE (content_token, face_index))""",
    "CREATE INDEX refs_by_subject ON refs (subject_id)",
    """CREATE TABLE consents (
        subject_id INTEGER PRIMARY KEY REFERENCES subjects,
        purpose TEXT NOT NULL,
        given_at REAL NOT NULL,
        expires_at REAL)""",
    "CREATE INDEX consents_by_end ON consents (expires_at)",
    "CREATE TABLE opt_outs (token BLOB PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID",
    # The newest change of each slot: what an index that knows change n has to read again.
    "CREATE TABLE changes (slot INTEGER PRIMARY KEY, change_id INTEGER NOT NULL)",
    "CREATE INDEX changes_by_id ON changes (change_id)",
    """CREATE TABLE audit (
        audit_id INTEGER PRIMARY KEY AUTOINCREMENT,
        at REAL NOT NULL,
        actor TEXT NOT NULL,
        action TEXT NOT NULL,
        subject_id INTEGER,
        n INTEGER NOT NULL,
        reason TEXT NOT NULL)""",
    """CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
    """CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
    """CREATE TABLE copies (
        copy_id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        path TEXT NOT NULL,
        at REAL NOT NULL,
        actor TEXT NOT NULL)""",
    *ADDED_IN_2,
)

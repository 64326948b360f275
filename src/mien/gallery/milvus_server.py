"""A Milvus server or a Milvus Lite file: address, collections, calls, errors in mien's words.

Every read is strongly consistent: it sees all that was acknowledged before it began.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import numpy as np

from mien.errors import GalleryBusyError, GalleryError, InputError, MissingExtraError
from mien.types.arrays import FloatArray

#: "user:password" or an API key; kept out of URLs, which end up in logs.
TOKEN_VARIABLE = "MIEN_MILVUS_TOKEN"
#: Milvus returns at most so many rows of a search, and takes no more rows in a message than this.
MOST_HITS, ROWS_AT_ONCE = 16384, 2000
#: Rows that are read at once, and values of a list in a filter.
_PAGE, _VALUES_AT_ONCE = 1000, 2000
#: What an index is built and searched with, by its type, unless the URL says otherwise.
_BUILD: Mapping[str, Mapping[str, int]] = {
    "FLAT": {},
    "IVF_FLAT": {"nlist": 1024},
    "IVF_SQ8": {"nlist": 1024},
    "HNSW": {"M": 32, "efConstruction": 200},
    "HNSW_SQ": {"M": 32, "efConstruction": 200},
}
_SEARCH: Mapping[str, str] = {
    "IVF_FLAT": "nprobe",
    "IVF_SQ8": "nprobe",
    "HNSW": "ef",
    "HNSW_SQ": "ef",
}
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Address:
    """Where a gallery stands, and how its vectors are indexed there.

    ``uri``: what pymilvus takes: http(s)://host:port, or the path of a Milvus Lite file.
    ``effort``: how far an approximate index looks (nprobe or ef); exact ones ignore it.
    """

    uri: str
    collection: str
    database: str = ""
    index: str = "FLAT"
    effort: int = 128
    build: Mapping[str, int] = field(default_factory=dict)
    certificate: str = ""

    @property
    def exact(self) -> bool:
        """Tell whether the index returns exactly the nearest."""
        return self.index == "FLAT"


def address_of(rest: str) -> tuple[Address, dict[str, str]]:
    """Read what follows "milvus:" in a URL; returns the address, and the options it leaves over.

    "//host:port/collection?index=HNSW&effort=200&tls=1&database=faces" is a server,
    "people.db" or "people.db?collection=staff" a Milvus Lite file. Raises InputError.
    """
    server = not rest.partition("?")[0].endswith(".db")
    # A URL that was taken for a path, as command lines do, has lost one of its slashes.
    parts = urlsplit("milvus:" + ("//" + rest.lstrip("/") if server else rest))
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    collection = options.pop("collection", "mien")
    if server:
        collection = parts.path.strip("/") or collection
        scheme = "https" if options.pop("tls", "0") in ("1", "true") else "http"
        try:
            uri = f"{scheme}://{parts.hostname}:{parts.port or 19530}"
        except ValueError as error:
            raise InputError(f"gallery milvus:{rest!r}: {error}") from error
    else:
        uri = unquote(parts.path)
    wrong = not collection.replace("_", "a").isalnum() or not collection.isascii()
    if wrong or (server and not (parts.hostname and rest.startswith("/"))):
        raise InputError(
            f"gallery 'milvus:{rest}': expected milvus://host:port/collection (letters, digits "
            "and _), or milvus:file.db for Milvus Lite"
        )
    index = options.pop("index", "FLAT").upper()
    if index not in _BUILD:
        raise InputError(f"index: got {index!r}, expected one of {', '.join(_BUILD)}")
    try:
        build = {name: int(options.pop(name, value)) for name, value in _BUILD[index].items()}
        effort = int(options.pop("effort", 128))
    except ValueError as error:
        raise InputError(f"gallery 'milvus:{rest}': {error}") from error
    names = options.pop("database", ""), options.pop("certificate", "")
    return Address(uri, collection, names[0], index, effort, build, names[1]), options


class Server:
    """One connection; its calls raise GalleryError, GalleryBusyError or MissingExtraError."""

    def __init__(self, address: Address, *, token: str | None, timeout_s: float) -> None:
        self.address = address
        self.timeout_s = timeout_s
        self._closed = False
        self._lock = threading.Lock()
        milvus = _pymilvus()
        # Errors are raised; pymilvus would print each of them with its traceback as well.
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
        given = os.environ.get(TOKEN_VARIABLE, "") if token is None else token
        folder = Path(address.uri).parent
        if "://" not in address.uri and not folder.is_dir():
            raise GalleryError(f"{address.uri}: its folder does not exist")
        extra: dict[str, Any] = {"server_pem_path": address.certificate}
        extra = extra if address.certificate else {}
        # Servers hang up on clients that ping them without calls, as pymilvus would every 10 s.
        extra["grpc_options"] = {"grpc.keepalive_permit_without_calls": False}
        with self._errors():
            self._client = milvus.MilvusClient(
                address.uri, token=given, db_name=address.database, timeout=timeout_s, **extra
            )

    def close(self) -> None:
        """Let go of the connection."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._client.close()

    def has(self, collection: str) -> bool:
        """Tell whether there is such a collection."""
        with self._errors():
            return bool(self._client.has_collection(collection))

    def columns(self, collection: str) -> set[str]:
        """Return the names of a collection's columns."""
        with self._errors():
            return {one["name"] for one in self._client.describe_collection(collection)["fields"]}

    def load(self, collection: str) -> None:
        """Let a collection be searched: after a restart of the server it may not be."""
        with self._errors():
            if self._client.has_collection(collection):
                self._client.load_collection(collection)

    def drop(self, collection: str) -> None:
        """Remove a collection with all that it holds."""
        with self._errors():
            self._client.drop_collection(collection)

    def make(
        self,
        collection: str,
        key: str,
        fields: Mapping[str, str],
        vectors: Mapping[str, int],
    ) -> None:
        """Make a collection of a key, typed columns ("INT64?" may be empty) and vectors.

        Columns whose name ends in ``_id`` or ``_token`` are indexed. One that is there already
        stays.
        """
        milvus = _pymilvus()
        schema = milvus.MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        indexes = milvus.MilvusClient.prepare_index_params()
        for name, kind in fields.items():
            size = {"max_length": 65535} if kind.startswith("VARCHAR") else {}
            size = {"max_length": 128} if name == key and size else size
            kind_of = getattr(milvus.DataType, kind.rstrip("?"))
            primary = {"is_primary": True} if name == key else {"nullable": kind.endswith("?")}
            schema.add_field(name, kind_of, **primary, **size)
            if name != key and name.endswith(("_id", "_token")):
                indexes.add_index(name, index_type="INVERTED")
        for name, dimension in vectors.items():
            schema.add_field(name, milvus.DataType.FLOAT_VECTOR, dim=dimension)
            kind = self.address.index if name == "vector" else "FLAT"
            build = dict(self.address.build) if name == "vector" else {}
            indexes.add_index(name, index_type=kind, metric_type="IP", params=build)
        with self._errors():
            self._client.create_collection(collection, schema=schema, consistency_level="Strong")
            # Not waited for, in steps of half a second: an empty index is ready soon enough.
            self._client.create_index(collection, indexes, sync=False)
            self._client.load_collection(collection)

    def compact(self, collection: str) -> None:
        """Ask for deleted rows to be dropped from the server's files."""
        with self._errors():
            self._client.compact(collection)

    def put(self, collection: str, rows: Sequence[Row]) -> None:
        """Write rows, in place of those with their keys."""
        for low in range(0, len(rows), ROWS_AT_ONCE):
            with self._errors():
                self._client.upsert(collection, list(rows[low : low + ROWS_AT_ONCE]))

    def delete(self, collection: str, condition: str) -> None:
        """Delete the rows of a condition."""
        with self._errors():
            self._client.delete(collection, filter=condition)

    def each(
        self, collection: str, key: str, ids: range, fields: Sequence[str], *, also: str = ""
    ) -> Iterator[Row]:
        """Yield the rows whose key is in a range, in order, read in pages."""
        # Not pymilvus's iterator: Milvus Lite has none. Ids are dense, so that ranges are pages.
        for low in range(ids.start, ids.stop, _PAGE):
            high = min(low + _PAGE, ids.stop)
            page = self.few(collection, f"{key} >= {low} and {key} < {high}{also}", fields)
            yield from sorted(page, key=lambda row: int(row[key]))

    def many(
        self, collection: str, key: str, condition: str, fields: Sequence[str]
    ) -> Iterator[Row]:
        """Yield the rows of a condition by key, read in pages; their keys are read at once."""
        keys = sorted(row[key] for row in self.few(collection, condition, [key]))
        for low in range(0, len(keys), _PAGE):
            part = keys[low : low + _PAGE]
            page = self.few(collection, f"{key} in {part}", fields)
            yield from sorted(page, key=lambda row: row[key])

    def few(self, collection: str, condition: str, fields: Sequence[str]) -> list[Row]:
        """Return the rows of a condition that only a few meet, in one call."""
        with self._errors():
            found = self._client.query(
                collection,
                filter=condition,
                output_fields=list(fields),
                consistency_level="Strong",
            )
        return [dict(row) for row in found]

    def few_of(
        self, collection: str, column: str, values: Iterable[int | str], fields: Sequence[str]
    ) -> list[Row]:
        """Return the rows whose column, which tells rows apart, has one of the values."""
        unique, found = list(dict.fromkeys(values)), []
        for low in range(0, len(unique), _VALUES_AT_ONCE):
            part = unique[low : low + _VALUES_AT_ONCE]
            found += self.few(collection, f"{column} in {part}", fields)
        return found

    def count(self, collection: str, condition: str) -> int:
        """Return how many rows there are of a condition."""
        with self._errors():
            found = self._client.query(
                collection,
                filter=condition,
                output_fields=["count(*)"],
                consistency_level="Strong",
            )
        return int(found[0]["count(*)"])

    def nearest(
        self,
        collection: str,
        column: str,
        probe: FloatArray,
        n: int,
        *,
        condition: str,
        fields: Sequence[str],
    ) -> tuple[list[Row], FloatArray]:
        """Return the n rows of the highest products with a probe (D,), and these products."""
        effort = _SEARCH.get(self.address.index) if column == "vector" else None
        reach = max(self.address.effort, n) if effort == "ef" else self.address.effort
        params = {} if effort is None else {effort: reach}
        with self._errors():
            (hits,) = self._client.search(
                collection,
                data=[probe],
                anns_field=column,
                limit=min(n, MOST_HITS),
                filter=condition,
                output_fields=list(fields),
                search_params={"metric_type": "IP", "params": params},
                consistency_level="Strong",
            )
        scores = np.array([hit["distance"] for hit in hits], np.float32)
        return [hit["entity"] for hit in hits], scores

    @contextmanager
    def _errors(self) -> Iterator[None]:
        from grpc import RpcError

        if self._closed:
            raise GalleryError(f"{self.address.uri}: is closed")
        exceptions = _pymilvus().exceptions
        try:
            yield
        except (exceptions.MilvusUnavailableException, RpcError) as error:
            raise self._unreachable(error) from error
        except exceptions.MilvusException as error:
            raise self._explained(error) from error
        except (OSError, ValueError) as error:
            raise GalleryError(f"{self.address.uri}: {error}") from error

    def _explained(self, error: Any) -> GalleryError:
        message = str(error.message)
        lowered = message.lower()
        if "deadline" in lowered or "timeout" in lowered:
            return GalleryBusyError(
                f"{self.address.uri}: no answer within {self.timeout_s:g} s ({message}); try "
                "again, or open with a larger timeout_s"
            )
        if any(word in lowered for word in ("connect", "unavailable", "open local milvus")):
            return self._unreachable(error)
        if "auth" in lowered or "permission" in lowered:
            return GalleryError(
                f"{self.address.uri}: refused ({message}); set {TOKEN_VARIABLE} to user:password "
                "or an API key"
            )
        return GalleryError(f"{self.address.uri}: {message}")

    def _unreachable(self, error: Exception) -> GalleryError:
        what = "opened (another process may have it open)"
        what = "reached; is Milvus running there?" if "://" in self.address.uri else what
        return GalleryError(f"{self.address.uri}: cannot be {what} ({error})")


def _pymilvus() -> Any:
    try:
        import pymilvus
    except ImportError as error:
        raise MissingExtraError("a Milvus gallery needs: pip install 'mien[milvus]'") from error
    return pymilvus

"""The store that somebody's chats are in, as the server would choose it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..domain.errors import FrevaGPTError
from ..domain.owner import Owner
from .settings import Place

if TYPE_CHECKING:
    from ..threads.jsonl import FileThreadStore
    from ..threads.mongo import MongoThreadStore


@asynccontextmanager
async def store_of(place: Place, *, files: bool = False) -> AsyncIterator[FileThreadStore | MongoThreadStore]:
    """Open the database of the owner's realm, else the site's, else the data folder, which ``files`` asks for.

    Raises StoreUnavailable where a realm's vault cannot be asked. A mirror is the server's: it copies a thread when it
    next writes to it.
    """
    found, own = ("", False) if files else await _address(place)
    if not found:
        from ..threads.folders import OwnerFolders
        from ..threads.jsonl import FileThreadStore

        yield FileThreadStore(OwnerFolders(Path(place.data_dir)))
        return
    from ..threads.connection import CLIENTS  # here, since the driver takes long to import
    from ..threads.mongo import MongoThreadStore

    store = MongoThreadStore(found, database=place.database, collection=place.collection, own=own)
    try:
        yield store
    finally:
        await store.aclose()
        await CLIENTS.aclose()


async def _address(place: Place) -> tuple[str, bool]:
    """Return the address of a database, "" for none, and whether it is the site's own."""
    if realm := Owner.of(place.owner).realm:
        from ..identity.fetcher import Fetcher
        from ..identity.realms import Realms
        from ..identity.vaults import Vaults

        try:
            realms = Realms(place.realms)
        except ValueError as error:
            raise FrevaGPTError(str(error)) from None
        fetcher = Fetcher()
        vaults = Vaults(realms, fetcher, place.database_hosts)
        try:
            if (told := await vaults.mongo_uri(realm)) is not None:
                return told.reveal(), False
        finally:
            await vaults.aclose()
            await fetcher.aclose()
    return os.environ.get("FREVAGPT_MONGODB_URI", ""), True

"""Doing the next items of an iterator in a thread of their own while the present ones are used: decoding beside inference."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable
from typing import TypeVar

T = TypeVar("T")


def read_ahead(items: Iterable[T], most: int) -> Generator[T]:
    """The same items in the same order, of which at most `most` wait ready (and one is in the making).

    An error of the iterator is raised where its item would have come. Where the reader stops early, so does the thread.
    """
    ready: queue.Queue[tuple[T | None, BaseException | None, bool]] = queue.Queue(most)
    stopped = threading.Event()

    def put(item: T | None, error: BaseException | None = None, *, last: bool = False) -> None:
        while not stopped.is_set():
            try:
                ready.put((item, error, last), timeout=0.1)
            except queue.Full:
                continue
            return

    def work() -> None:
        try:
            for item in items:
                put(item)
                if stopped.is_set():
                    return
            put(None, last=True)
        except BaseException as error:  # raised again by the reader
            put(None, error)

    thread = threading.Thread(target=work, name="read-ahead", daemon=True)
    thread.start()
    try:
        while True:
            item, error, last = ready.get()
            if error is not None:
                raise error
            if last:
                return
            yield item  # type: ignore[misc]  # an item is only absent with an error or at the end
    finally:
        stopped.set()
        thread.join()

"""One browser for all tests of the pages."""

from __future__ import annotations

import pytest

from browser.chromium import BROWSER, Chromium


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    if BROWSER is None:
        pytest.skip("no Chromium: install Debian's package chromium")
    browser = Chromium(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()

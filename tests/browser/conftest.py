"""A real site on loopback, with real footage and renditions, and a real Chromium that visits it.

Nothing stands in for anything: an installation in a temporary folder, its jobs and sequencer at work, an independent
witness on another port, uvicorn, and Debian's Chromium (which plays H.264).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from tests.browser.live import PASSWORD, Site, film, people, running_site, sound_only, until

from candor.people import passwords, policy, sessions
from candor.web.session import Cookies, is_secure, lifetime

#: `./run test` looks for the same, in the same way.
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"),
    # What Playwright turns off itself, for only the last such argument counts; and what Chromium makes ready for people
    # with every window and page, which takes half the time of one: pages of the address line, a renderer to spare.
    "--disable-features=AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades,"
    "HttpsFirstBalancedModeAutoEnable,LensOverlay,MediaRouter,PaintHolding,ThirdPartyStoragePartitioning,"
    "AvoidCorsURLLoaderRestartOnRedirect,OptimizationHints,NetworkTimeServiceQuerying,AimEnabled,PreconnectToSearch,"
    "WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,PreloadTopChromeWebUI,SpareRendererForSitePerProcess",
]
#: What every page is looked at in: a telephone, a screen, a very wide one, in both colours.
SIZES = ((360, "dark"), (1280, "light"), (2560, "dark"))
AXE = Path(os.environ.get("CANDOR_AXE", Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"))


@pytest.fixture(scope="session")
def cheap_passwords() -> Iterator[None]:
    """Signing in takes milliseconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(passwords.CHEAP_FOR_TESTS, "1")
        yield


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, cheap_passwords: None) -> Iterator[Site]:
    """A site with an agency, four people and recordings of every sort, all renditions made."""
    with running_site(tmp_path_factory.mktemp("site"), witnessed=True) as made:
        people(made)
        officer = made.accounts["officer"]
        worn = {"wearer_id": officer.account_id, "unit_id": officer.unit_id, "device_kind": "body"}
        made.take_in(
            "stop",
            film(),
            "TroopF_202611201001_BW0001.mp4",
            title="Traffic stop, Route 9",
            incident_number="2026-0442",
            category="Traffic stop",
            **worn,
        )
        made.take_in(
            "patrol", film(3.0, seed=2), "TroopF_202611201002_BW0001.mp4", title="Quiet patrol", category="Test", **worn
        )
        made.take_in("edited", film(1.0, seed=3), "edit me.mp4", title="To be edited", **worn)
        made.take_in("sound", sound_only(), "interview.wav", title="Interview, sound only", **worn)
        made.take_in("text", b"this was never a film\n" * 20, "renamed.mp4", title="Renamed text", **worn)
        made.take_in("empty", b"", "empty.mp4", title="Empty file", **worn)
        made.here.jobs.wait_idle(120)
        made.here.log.settle()
        yield made


@pytest.fixture(scope="module")
def fresh_site(tmp_path_factory: pytest.TempPathFactory, cheap_passwords: None) -> Iterator[Site]:
    """A site on which nobody has set anything up."""
    with running_site(tmp_path_factory.mktemp("fresh"), witnessed=False, jobs=False) as made:
        yield made


# -- the browser


def find_browser() -> str | None:
    """Path of a browser that starts and is no snap: Ubuntu's chromium-browser is one, or a stub that asks for one, and
    a snap cannot read the tests' folders."""
    for name in BROWSERS:
        path = shutil.which(name)
        if path is None:
            continue
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60, check=False)
        if said.returncode == 0 and said.stdout.strip() and "snap" not in said.stdout:
            return path
    return None


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, or Google's Chrome; without either these tests are skipped, loudly."""
    path = find_browser()
    if path is None:
        pytest.skip(
            "NO BROWSER HERE: THE PAGES WERE NOT TRIED IN ONE. Debian, as root: apt-get install chromium. "
            "Ubuntu has it as a snap only, which cannot read the tests' folders: install Google Chrome's .deb"
        )
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield launched
        launched.close()


@dataclass
class Visitor:
    """Somebody with a browser window. Errors of scripts and refusals of the content policy are collected."""

    page: Page
    site: Site
    problems: list[str]

    def sign_in(self, name: str) -> None:
        """Through the form."""
        self.page.goto(f"{self.site.url}/sign-in")
        self.page.fill("input[name=name]", name)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.click("main form button.primary")
        self.page.wait_for_url(lambda url: "/sign-in" not in url)

    def come_in(self, name: str) -> None:
        """Signed in, by a session that the site made as its door does; by the form where the policy asks for more than
        a password. What the form does, test_sign_in and test_site show."""
        here, actor = self.site.here, self.site.accounts.get(name)
        with here.database.write() as tx:
            rules = policy.read(tx)
            if actor is None or rules.notice_shown or rules.requires_second_factor(actor.roles):
                token = None
            else:
                agent = self.page.evaluate("navigator.userAgent")
                life = lifetime(here.settings, rules)
                token = sessions.begin(tx, actor.account_id, lifetime=life, agent=agent, clock=here.clock)
        if token is None:
            self.sign_in(name)
            return
        name_of_cookie = Cookies(is_secure(here.settings)).session
        self.page.context.add_cookies([{"name": name_of_cookie, "value": token, "url": self.site.url}])


Visit = Callable[..., Visitor]


def _noted(problems: list[str], message: ConsoleMessage) -> None:
    # A refused request is also told on the console; whether it should have been refused is the test's own matter.
    if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
        problems.append(message.text)


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Visit]:
    """Opens windows; fails the test when a script failed or the content policy was broken in one of them."""
    windows: list[tuple[Any, list[str]]] = []

    def open_window(
        site: Site, name: str | None = None, *, width: int = 1280, height: int = 900, **more: Any
    ) -> Visitor:
        # Without motion: a colour that is on its way to another is not what anybody reads.
        size: Any = {"width": width, "height": height}
        context = chromium.new_context(viewport=size, reduced_motion="reduce", **more)
        context.set_default_timeout(15_000)
        page, problems = context.new_page(), []
        page.on("console", lambda message: _noted(problems, message))
        page.on("pageerror", lambda error: problems.append(str(error)))
        windows.append((context, problems))
        visitor = Visitor(page, site, problems)
        if name is not None:
            visitor.come_in(name)
        return visitor

    yield open_window
    for context, _ in windows:
        context.close()
    assert [problem for _, problems in windows for problem in problems] == []


_AXE_RUN = """only => axe.run(
    {resultTypes: ['violations'], ...(only.length ? {runOnly: {type: 'rule', values: only}} : {})}).then(
    result => result.violations.map(
        one => `${one.id}: ${one.nodes.map(node => node.html.slice(0, 160)).join(' | ')}`))"""


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, from node_modules or CANDOR_AXE."""
    if not AXE.exists():
        pytest.skip(
            "NO AXE-CORE HERE: ACCESSIBILITY WAS NOT CHECKED. `./run test` installs it where there are node, npm and "
            "their registry (apt-get install nodejs npm); or set CANDOR_AXE to axe.min.js"
        )
    return AXE.read_text("utf-8")


def _bring(page: Page, axe: str) -> None:
    """axe-core into a page, once: by the debugging protocol, which the page's content policy does not concern."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe)


def recolour(page: Page, colours: Any) -> None:
    """Show a page "light" or "dark", as its reader's system asks for it. Colours change in a hundredth of a
    millisecond where no motion is wanted, which is over when the next picture is drawn."""
    page.emulate_media(color_scheme=colours)
    until(page, f"matchMedia('(prefers-color-scheme: {colours})').matches")
    until(page, "!document.getAnimations().some(one => one instanceof CSSTransition)")


@pytest.fixture
def accessible(axe: str) -> Callable[..., None]:
    """Fails when axe-core finds something wrong with a page as it stands; `only`: by these rules."""

    def check(page: Page, *, only: tuple[str, ...] = ()) -> None:
        _bring(page, axe)
        found = page.evaluate(_AXE_RUN, list(only))
        assert found == [], page.url

    return check


@pytest.fixture
def at_every_size(axe: str) -> Callable[..., None]:
    """Fails when a page as it stands is wider than its window, or axe-core finds something wrong with it, in one of the
    `sizes`: widths in pixels, each with its colours. The page is not loaded again for each: the window becomes wider
    and the colours change as they do for somebody who is looking at it."""

    def check(page: Page, sizes: Iterable[tuple[int, Any]] = SIZES) -> None:
        _bring(page, axe)
        height = page.viewport_size["height"] if page.viewport_size else 900
        for width, colours in sizes:
            page.set_viewport_size({"width": width, "height": height})
            recolour(page, colours)
            until(page, f"innerWidth === {width}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (page.url, width)
            assert page.evaluate(_AXE_RUN, []) == [], (page.url, width, colours)

    return check

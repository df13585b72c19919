"""The report as a reader sees it: opened in Chromium from the disk, offline. CI installs Chromium."""

import re

import matplotlib.image
import numpy as np
import pytest

from studies.report import write_report
from tests.studies.browser import CHROMIUM, Browser
from tests.studies.synthetic_results import synthetic_results

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed; CI installs it")

TABLE = "document.querySelector('#systems table.sort')"
HEADINGS = f"[...{TABLE}.tHead.rows[0].cells]"
# Neither it nor what it stands in is display: none (checkVisibility holds a <g> without a box for visible).
SHOWN = "e => { for (; e; e = e.parentElement) if (getComputedStyle(e).display === 'none') return false; return true; }"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return write_report(synthetic_results(seeds=(0,)), tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


def column(tab, heading):
    """The texts of a column of the first table, from the top."""
    place = tab.run(f"{HEADINGS}.findIndex(h => h.textContent.trim() === '{heading}')")
    return tab.run(f"[...{TABLE}.tBodies[0].rows].map(r => r.cells[{place}].innerText)")


def heading(name):
    return f"{HEADINGS}.find(h => h.textContent.trim() === '{name}').querySelector('button')"


def test_it_asks_for_nothing_but_itself_and_its_policy_refuses_nothing(tab, page):
    tab.requests.clear()
    tab.open(page)

    loaded = {url for url in tab.requests if not url.startswith(("data:image/png;base64,", "about:blank"))}
    assert loaded == {page.resolve().as_uri()}
    assert tab.complaints == []


def test_without_scripts_everything_can_be_read_and_nothing_offers_what_it_cannot_do(tab, page):
    tab.open(page, scripts=False)

    assert tab.run("document.querySelector('dl.answers').getBoundingClientRect().bottom > 0")
    assert tab.run("[...document.querySelectorAll('section, tbody tr, .mark')].length") > 100
    assert tab.run(f"[...document.querySelectorAll('section')].every({SHOWN})")
    assert tab.run("document.querySelectorAll('th button').length") == 0
    assert not tab.run(f"({SHOWN})(document.getElementById('filters'))")
    assert tab.run(
        "[...document.querySelectorAll('.mark')].every(m => m.querySelector('title').textContent.length > 9)"
    )


def test_a_column_of_numbers_is_sorted_as_numbers_up_down_and_back(tab, page):
    tab.open(page)
    before = column(tab, "parameters")
    numbers = [int(text.replace(",", "")) for text in before]
    assert sorted(before) != sorted(before, key=lambda text: int(text.replace(",", "")))  # text order differs

    tab.click(heading("parameters"))
    assert [int(text.replace(",", "")) for text in column(tab, "parameters")] == sorted(numbers)
    assert tab.run(f"{HEADINGS}.map(h => h.getAttribute('aria-sort')).filter(Boolean)") == ["ascending"]

    tab.click(heading("parameters"))
    assert [int(text.replace(",", "")) for text in column(tab, "parameters")] == sorted(numbers, reverse=True)

    tab.click(heading("parameters"))
    assert column(tab, "parameters") == before
    assert tab.run(f"{HEADINGS}.map(h => h.getAttribute('aria-sort')).filter(Boolean)") == []


def test_energies_are_sorted_by_joules_from_the_keyboard_and_unknown_ones_come_last(tab, page):
    tab.open(page)
    prefixes = {"n": 1e-9, "µ": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3}

    tab.run(f"{heading('energy per decision')}.focus()")
    for direction in ("ascending", "descending"):
        tab.press("Enter", 13, "\r")
        texts = [text.split("\n")[0] for text in column(tab, "energy per decision")]
        known = [text for text in texts if text != "–"]
        joules = [float(text.split()[0]) * prefixes[text.split()[1][:-1]] for text in known]

        assert joules == sorted(joules, reverse=direction == "descending")
        assert texts[len(known) :] == ["–"] * (len(texts) - len(known))
        assert 0 < len(known) < len(texts)


def test_a_family_that_is_not_ticked_vanishes_from_tables_and_figures_and_comes_back(tab, page):
    tab.open(page)
    of_family = "[...document.querySelectorAll('#systems tr, #picture g, #energy tr, #energy g')]"
    spiking = f"{of_family}.filter(e => e.dataset.family === 'neuro')"
    classical = f"{of_family}.filter(e => e.dataset.family === 'classical')"
    assert tab.run(f"{spiking}.filter({SHOWN}).length") > 20

    tab.click("document.querySelector('input[value=neuro]')")
    assert tab.run(f"{spiking}.filter({SHOWN}).length") == 0
    rows = f"[...{TABLE}.tBodies[0].rows].filter({SHOWN}).map(r => r.innerText)"
    assert not any("snn" in row and "neuro" in row for row in tab.run(rows))
    assert tab.run(f"{classical}.some({SHOWN})")
    assert "1 of" in tab.run("document.getElementById('shown').textContent")

    tab.click("document.querySelector('#filters button')")
    tab.run("new Promise(done => setTimeout(done, 50))")
    assert tab.run(f"{spiking}.filter(e => e.classList.contains('off')).length") == 0


def test_a_deployment_that_is_not_ticked_takes_its_points_and_lines_with_it(tab, page):
    tab.open(page)
    named = "[...document.querySelectorAll('[data-deployments]')]"
    alone = f"{named}.filter(e => e.dataset.deployments === 'cortex-m4+loihi-2')"
    shared = f"{named}.filter(e => e.dataset.deployments === 'cortex-m4+loihi-1 cortex-m4+loihi-2')"
    tab.run("document.querySelector('#filters details').open = true")
    tab.click("document.querySelector('input[value=\"cortex-m4+loihi-2\"]')")

    assert tab.run(f"{alone}.length") > 5
    assert tab.run(f"{alone}.every(e => e.classList.contains('off'))")
    assert tab.run(f"{shared}.length") > 1  # marks and names that stand for both
    assert not tab.run(f"{shared}.some(e => e.classList.contains('off'))")


def test_values_stand_under_the_pointer_and_under_the_focus(tab, page):
    tab.open(page)
    marks = "[...document.querySelectorAll('#picture .mark')]"
    tip = "(t => t.hidden ? '' : t.textContent)(document.getElementById('tip'))"
    label = "document.activeElement.getAttribute('aria-label')"

    assert tab.run(f"{marks}.filter(m => m.getAttribute('tabindex') === '0').length") == 1  # one stop of the Tab key
    tab.run(f"{marks}.find(m => m.getAttribute('tabindex') === '0').focus()")
    first = tab.run(label)
    assert tab.run(tip) == first
    tab.press("ArrowRight", 39)
    assert tab.run(label) != first
    assert tab.run(tip) == tab.run(label)
    tab.press("Escape", 27)
    assert tab.run(tip) == ""

    tab.click(f"{marks}.at(-1)")
    assert re.fullmatch(r".+ on .+: [\d.]+ \[.+\] %; .+ per decision, (modelled|lower bound).*", tab.run(tip))


def test_a_phone_scrolls_down_and_never_sideways(tab, page):
    tab.open(page, width=375, height=667)
    tab.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")

    assert tab.run("document.documentElement.scrollWidth") == 375
    assert tab.run("[...document.querySelectorAll('.scroll')].some(s => s.scrollWidth > s.clientWidth)")


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_reads_on_its_ground_in_the_light_and_in_the_dark(tab, page, dark):
    tab.open(page, dark=dark)
    colours = tab.run(
        """(() => {
            const seen = new Set([getComputedStyle(document.body).backgroundColor]);
            for (const e of document.querySelectorAll('section *, header *')) {
                if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
                if (e.closest('title, style, pre')) continue;
                seen.add(getComputedStyle(e)[e instanceof SVGElement ? 'fill' : 'color']);
            }
            return [...seen];
        })()"""
    )
    ground, *inks = [luminance(colour) for colour in colours]

    assert (ground < 0.05) == dark
    assert len(inks) > 5
    for ink, colour in zip(inks, colours[1:], strict=True):
        low, high = sorted((ink, ground))
        assert (high + 0.05) / (low + 0.05) >= 4.5, colour


def test_paper_shows_what_is_folded_and_none_of_the_switches(tab, page):
    tab.open(page, scripts=False)
    tab.ask("Emulation.setEmulatedMedia", media="print")

    assert tab.run("document.querySelectorAll('details:not([open])').length") > 1
    assert tab.run("[...document.querySelectorAll('details pre, details table')].every(e => e.checkVisibility())")
    tab.open(page)
    tab.ask("Emulation.setEmulatedMedia", media="print")
    assert not tab.run(f"['nav', '#filters'].some(s => ({SHOWN})(document.querySelector(s)))")


@pytest.mark.parametrize("width", [1280, 500])
def test_the_first_screen_has_ink_and_does_not_run_off_to_the_side(tab, page, tmp_path, width):
    shot = tmp_path / "shot.png"
    tab.open(page, width=width)
    tab.screenshot(shot)

    image = matplotlib.image.imread(shot)[:, :, :3]
    assert image.shape[:2] == (900, width)
    background = image[2, 2]
    inked = np.abs(image - background).max(axis=2) > 0.2
    assert 0.005 < inked.mean() < 0.5
    assert inked[:, -3:].mean() < 0.01  # nothing is cut off at the right edge


def luminance(colour):
    """Relative luminance of "rgb(r, g, b)" (WCAG 2.2)."""
    shares = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

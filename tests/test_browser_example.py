"""The example page that writes tunes in a browser: its columns, its judgement of bars, its files, and the page itself."""

import functools
import http.server
import json
import os
import random
import runpy
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from abclm import Tune, load
from abclm.corpora.corpus import Corpus
from abclm.language_model import LanguageModel
from abclm.models.context import COLUMNS, COPIES, told_of, with_context
from abclm.models.gru.config import GRUConfig
from abclm.models.lstm.config import ModelConfig
from abclm.notation.fields import CANONICAL_SYMBOLS
from abclm.notation.keys import parse_key

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "examples" / "browser"
PAGE = ("index.html", "page.js", "writer.js", "context.js", "bars.js")
NODE = shutil.which("node")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
RUNTIME = os.environ.get("ABCLM_ORT_WEB")
IRISH = os.environ.get("ABCLM_IRISH_ABC")
AXE = os.environ.get("ABCLM_AXE")
ARGUMENTS = [
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
]
SECONDS = 60_000

needs_node = pytest.mark.skipif(not NODE, reason="there is no node")


@pytest.fixture(scope="module")
def lm():
    return load("session")


@pytest.fixture(scope="module")
def make():
    return runpy.run_path(str(EXAMPLE / "make.py"))


@pytest.fixture(scope="module")
def facts(lm, make):
    return make["facts_of"](lm)


@pytest.fixture
def in_javascript(tmp_path):
    """Run a script that has the page's modules and `given`; gives what its last expression is."""
    for name in PAGE:
        shutil.copy(EXAMPLE / name, tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')

    def in_javascript(script, **given):
        (tmp_path / "given.json").write_text(json.dumps(given))
        (tmp_path / "run.js").write_text(
            "import { readFileSync } from 'node:fs';\n"
            "import { Context } from './context.js';\n"
            "import { readBar, parseMeter, parseUnit, WHOLE } from './bars.js';\n"
            "import { Draft, titleText } from './writer.js';\n"
            "const given = JSON.parse(readFileSync('given.json'));\n"
            f"{script}\n"
        )
        found = subprocess.run(
            [NODE, "run.js"], cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False
        )
        assert found.returncode == 0, found.stderr[-2000:]
        return json.loads(found.stdout)

    return in_javascript


# A bar of 17 symbols four bars later; pick-ups of 4, 5 and 6 eighths; tuplets with colons; endings; fields; texts.
LONG = "G/A/B/c/ d/c/B/A/G|"
RARE = [
    f"X:1\nM:4/4\nL:1/8\nK:G\n{LONG * 6}G8|]\n",
    "X:1\nM:4/4\nL:1/8\nK:Ador\nGABc|GABc dedB|GABc d4:|\n|:GABcd|GABc dedB|GABc dedB:|\nGABcde|GABc dedB|GABc d2|]\n",
    "X:1\nM:6/8\nK:Bm\nB|(3:2:2BA GAB|(3:2:2BA GAB|(3ABc (5:2ABcde|B2>A2 [B2d2]z2:|\n",
    "X:1\nM:C|\nL:1/8\nK:D\n|:DEFG A4|D4 E4|1F8:|2G8|]\nDEFG A4|D4 E4|[1F8:|[2G8|1,3A8|]\n",
    'X:1\nM:3/4\nL:1/4\nK:F\n"F"FAc|[K:Gm]GBd|[M:2/4]GB|[M:2/4]|"C7"ce|[L:1/8]cdef|\n[K:D]|de|de:|\n',
    "X:1\nM:2/4\nK:G\nGABcd|G2A2B2c2|G2A2 Bcd:|\n",
    "X:1\nM:none\nL:1/4\nK:C\nC|CDE|Z|\nCDE::CDE|[CE]/>[EG]/ C||x2 y !f!C .D-D|]\n",
]


def tunes_and_broken_ones():
    """Tunes, and the same with symbols that were left out, doubled or changed."""
    tunes = [*RARE * 3, *(tune.text for tune in Corpus.load("oldTunes").normalize())]
    tunes += [tune.text for tune in Corpus.read(IRISH)][::20] if IRISH else []
    generator = random.Random(1)
    for text in tunes:
        yield text
        symbols = list(text)
        for _ in range(4):
            place = generator.randrange(text.index("\nK:") + 5, len(symbols))
            symbols[place] = generator.choice(
                ["", symbols[place] * 2, *random.Random(place).sample(sorted(CANONICAL_SYMBOLS), 3)]
            )
        yield "".join(symbols)


COLUMNS_IN_JAVASCRIPT = """
const rows = given.tunes.map(({ text, told }) => {
  const context = new Context(given.facts, told);
  return [context.row, ...[...text].map((symbol) => {
    context.add(given.facts.symbols.indexOf(symbol));
    return context.row;
  })];
});
console.log(JSON.stringify(rows));
"""


@needs_node
def test_the_columns_in_javascript_are_those_in_python(lm, facts, in_javascript):
    tunes, expected = [], []
    for number, text in enumerate(tunes_and_broken_ones()):
        told = told_of(text)
        if number % 5 == 0:
            told = told._replace(form=())
        ids = lm.tokenizer.encode(f"\n{text}\n")
        tunes.append({"text": f"{text}\n", "told": told._asdict()})
        expected.append(with_context(lm.tokenizer, ids, told)[:, 1:].tolist())
    assert len(tunes) > 100
    found = in_javascript(COLUMNS_IN_JAVASCRIPT, facts=facts, tunes=tunes)
    for tune, rows, others in zip(tunes, found, expected, strict=True):
        differs = [place for place, (row, other) in enumerate(zip(rows, others, strict=True)) if row != other]
        assert not differs, tune["text"][: differs[0]]
    assert {len(row) for rows in found for row in rows} == {len(COLUMNS)}


@needs_node
def test_the_length_of_a_bar_and_what_is_wrong_in_it(in_javascript):
    bars = {
        "G2A Bcd": (6, False), "(3GAB c>d": (4, False), "(3:2:2Gz2": (2, False), "G/A/4B3/2z": (3.25, False),
        "[GB]2 [DF/]3": (5, False), '"Am"A!f!B': (2, False), "A-A": (2, False), "Z2": (16, False),
        "[L:1/16]AB": (1, False), "A>": (1, True), "(3AB": (4 / 3, True), "A-B": (2, True), "[GAB c": (4, True),
        "A2>B": (3, True), "A0": (1, True), "===A": (1, True), "A7 8": (7, True),
    }  # fmt: skip
    script = (
        "console.log(JSON.stringify(given.bars.map((bar) => {\n"
        "  const { length, wrong } = readBar(bar, parseMeter('4/4'), parseUnit('1/8'));\n"
        "  return [length * 8 / WHOLE, wrong];\n"
        "})))"
    )
    found = in_javascript(script, bars=list(bars))
    for (bar, (length, wrong)), (in_script, is_wrong) in zip(bars.items(), found, strict=True):
        assert (pytest.approx(in_script), is_wrong) == (length, wrong), bar


JUDGED = """
console.log(JSON.stringify(given.texts.map((text) => {
  const draft = new Draft(given.facts, { rhythm: "", key: "G", form: [] });
  const head = text.indexOf("\\n", text.indexOf("K:")) + 1;
  for (const symbol of text.slice(0, head)) draft.context.add(given.facts.symbols.indexOf(symbol));
  for (const symbol of text.slice(head)) {
    const choices = draft.choices();
    if (choices && !choices.has(symbol)) return false;
    if (draft.take(given.facts.symbols.indexOf(symbol), {})) return false;
  }
  return draft.ended;
})))
"""
HEAD = "X:1\nM:4/4\nL:1/4\nK:G\n"
FITS = [
    "G|GABc|d3:|\n|:e|cBAG|G3:|\n\n", "GABc|d4|]\n\n", "GABc|d4:|\n|:cBAG|G4|cBAG|1G4:|2G4|]\n\n",
    "G|:GABc|d4:|\n\n", "G2-|GABc|1d2:|2d2|]\n\n", "|:GABc|[1d4:|[2d4|]\n\n", "GABc|d4-|\nd4|]\n\n",
]  # fmt: skip
WRONG = [
    "GABc|d3:|\n\n", "G|GABc|d4:|\n\n", "GABc|d3|e4|]\n\n", "GABc|d3|\nd4|]\n\n", "|:GABc|d4|]\n\n", "GABc|2d4:|\n\n",
    "GABc|1d4:|\n\n", "GABc|d4-|\ne4|]\n\n", "GABc|d3\n\n", "GABc|[GBd|\n\n", "GABc|\nX:1|\n\n", "\nGABc|]\n\n",
]  # fmt: skip


@needs_node
def test_bars_that_do_not_fit_are_drawn_again_and_others_are_not(facts, in_javascript):
    texts = FITS + WRONG
    found = in_javascript(JUDGED, facts=facts, texts=[HEAD + text for text in texts])
    assert dict(zip(texts, found, strict=True)) == {text: text in FITS for text in texts}
    for text in FITS[:-1]:
        assert Tune.parse(f"X:1\nT:Tune\n{HEAD[4:]}{text}").check() == []


@needs_node
def test_hardly_any_tune_of_people_is_refused(facts, in_javascript):
    texts = [tune.text for tune in Corpus.load("oldTunes").normalize() if not tune.check()]
    found = in_javascript(JUDGED, facts=facts, texts=[f"{text}\n" for text in texts])
    assert sum(found) > 0.9 * len(texts)


@needs_node
def test_a_title_is_written_in_the_symbols_of_the_model(facts, in_javascript):
    script = """
    console.log(JSON.stringify(given.titles.map((title) => {
      try { return titleText(title, given.facts.symbols); } catch (error) { return `${error.name}: ${error.message}`; }
    })))
    """
    titles = ["Père  O’Connor", " The {Lost} Badger\n", "", "酒", "x" * 61, "|: Jig"]
    found = in_javascript(script, facts=facts, titles=titles)
    assert found[:2] == ["Pere O'Connor", "The Lost Badger"]
    assert all("The title has no letter that the model knows" in each for each in found[2:4])
    assert "The title has 61 symbols; give at most 60." in found[4]
    assert "A title can't begin with |" in found[5]


# The files beside the page


@pytest.fixture
def runtime(tmp_path):
    """A folder that looks like the package."""
    (tmp_path / "ort-web" / "dist").mkdir(parents=True)
    for name in ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"):
        (tmp_path / "ort-web" / "dist" / name).write_bytes(b"")
    (tmp_path / "ort-web" / "package.json").write_text('{"version": "1.30.0"}')
    return tmp_path / "ort-web"


@pytest.fixture
def run_make(make, monkeypatch, capsys):
    def run_make(*arguments):
        monkeypatch.setattr(sys, "argv", ["make.py", *map(str, arguments)])
        code = make["main"]()
        return code, capsys.readouterr()

    return run_make


def test_the_files_are_what_the_page_expects(run_make, runtime, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    site = tmp_path / "site"
    code, (said, wrong) = run_make("--runtime", runtime, "--out", site)
    assert (code, wrong) == (0, "")
    assert said.startswith(f"{site}: 6.7 MB; ")
    assert {each.name for each in site.iterdir()} == {*PAGE, "ort", "model.onnx", "model.json"}
    assert len(list((site / "ort").iterdir())) == 3
    facts = json.loads((site / "model.json").read_text())
    session = onnxruntime.InferenceSession(site / "model.onnx", providers=["CPUExecutionProvider"])
    inputs, outputs = (
        {each.name: each.shape for each in side} for side in (session.get_inputs(), session.get_outputs())
    )
    assert inputs == {
        "id": ["batch"], "context": ["batch", len(facts["columns"])],
        "carried_0": ["batch", 1024], "sums_0": ["batch", inputs["sums_0"][1]],
    }  # fmt: skip
    copies = [name for name in facts["columns"] if name.startswith("copy/")]
    assert outputs == {
        "logits": ["batch", len(facts["symbols"])], "gate": ["batch", 1 + len(copies)],
        "next_carried_0": inputs["carried_0"], "next_sums_0": inputs["sums_0"],
    }  # fmt: skip
    assert copies == [f"copy/{name}" for name in COPIES]
    assert (
        facts["keys"].keys()
        == facts["forms"].keys()
        == facts["meters"].keys()
        <= facts["told"]["rhythms"].keys()
    )
    for rhythm, keys in facts["keys"].items():
        assert all({key.tonic in facts["told"]["tonics"], key.mode in facts["told"]["modes"]} == {True}
                   for key in map(parse_key, keys))  # fmt: skip
        assert all(int(bars) % 4 == 0 for form in facts["forms"][rhythm] for bars in form.split())
    assert all(symbol in facts["symbols"] for symbol in CANONICAL_SYMBOLS)


@pytest.mark.parametrize("config", [ModelConfig(embedding_dimension=2, units=2), GRUConfig(units=2)], ids=str)
def test_a_model_that_is_told_nothing_is_refused(config, run_make, runtime, tmp_path):
    LanguageModel.create(config).save(tmp_path / "plain")
    code, (said, wrong) = run_make(
        "--model", tmp_path / "plain", "--runtime", runtime, "--out", tmp_path / "site"
    )
    assert (code, said) == (1, "")
    assert wrong.startswith("make.py: the page writes with models that have structure")
    assert wrong.count("\n") == 1
    assert not (tmp_path / "site").exists()


def test_a_folder_that_is_not_the_package_is_refused(run_make, tmp_path):
    code, (_, wrong) = run_make("--runtime", tmp_path, "--out", tmp_path / "site")
    assert code == 1
    assert wrong == (
        f"make.py: {tmp_path} has no package.json; give --runtime the folder that `npm install "
        "onnxruntime-web@1.30.0` makes, node_modules/onnxruntime-web\n"
    )
    assert not (tmp_path / "site").exists()


def test_another_version_is_named(run_make, runtime, tmp_path):
    (runtime / "package.json").write_text('{"version": "1.18.0"}')
    code, (_, wrong) = run_make("--runtime", runtime, "--out", tmp_path / "site")
    assert (code, wrong) == (0, "onnxruntime-web is 1.18.0; the page was tried with 1.30.0\n")


def test_a_file_in_the_place_of_the_folder_is_named(run_make, runtime, tmp_path):
    (tmp_path / "site").write_text("mine")
    code, (_, wrong) = run_make("--runtime", runtime, "--out", tmp_path / "site")
    assert code == 1
    assert str(tmp_path / "site") in wrong
    assert (tmp_path / "site").read_text() == "mine"


# The page in a browser


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def browser():
    if not RUNTIME:
        pytest.skip("ABCLM_ORT_WEB names no folder of onnxruntime-web (npm install onnxruntime-web@1.30.0)")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium; apt-get install chromium")
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed (the extra test)"
    )
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(make, browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("page") / "site"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["make.py", "--runtime", RUNTIME, "--out", str(folder)])
        assert make["main"]() == 0
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", folder
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(browser, site):
    """The page as new; nothing may go wrong on it, and nothing be fetched from elsewhere."""
    context = browser.new_context()
    context.set_default_timeout(SECONDS)
    page, wrong = context.new_page(), []
    page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    page.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    page.on(
        "request",
        lambda asked: None if asked.url.startswith((site[0], "data:", "blob:")) else wrong.append(asked.url),
    )
    page.goto(site[0])
    page.locator("#write:enabled").wait_for()
    yield page
    context.close()
    assert wrong == []


def write(page, **wishes):
    for name, value in wishes.items():
        field = page.locator(f"#{name}")
        (field.select_option if name in ("rhythm", "key") else field.fill)(str(value))
    page.get_by_role("button", name="Write a tune").click()
    page.locator("#write:enabled").wait_for()
    return page.locator("#abc").text_content()


def test_the_scores_in_a_browser_are_those_in_python(page, lm, facts):
    text = next(iter(Corpus.load("oldTunes").normalize())).text
    read = with_context(lm.tokenizer, lm.tokenizer.encode(f"\n{text}"))
    script = """async (read) => {
        const ort = await import("./ort/ort.wasm.min.mjs");
        const { Writer } = await import("./writer.js");
        const writer = await Writer.load(ort);
        let state = writer.begin();
        const found = [];
        for (const [id, ...row] of read) {
            const out = await writer.step(state, id, row);
            state = out.state;
            found.push([...out.logits, ...out.gate].map((each) => Number.isFinite(each) ? each : null));
        }
        return found;
    }"""
    found = np.array(page.evaluate(script, read.tolist()), dtype=np.float64)  # None becomes NaN
    engine = lm.config.engine(lm.weights)
    state = engine.start()
    expected = np.array([engine.step(state, row[None, 0], row[None, 1:])[0] for row in read])
    there = np.isfinite(expected)
    np.testing.assert_array_equal(np.isfinite(found), there)
    off = np.abs(found[there] - expected[there])
    assert np.median(off) < 0.01
    assert off.max() < 0.1


def test_a_tune_is_written_and_saved(page):
    text = write(page, title="Père O’Connor", rhythm="jig", key="Ador", seed=3)
    tune = Tune.parse(text)
    assert tune.title == "Pere O'Connor"
    assert (tune.rhythm, tune.key, tune.meter) == ("jig", "Ador", "6/8")
    assert tune.check() == []
    assert "characters in" in page.get_by_role("status").inner_text()
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Save as an .abc file").click()
    assert downloading.value.suggested_filename == "p-re-o-connor.abc"
    assert Path(downloading.value.path()).read_text() == text


def test_a_seed_gives_the_same_tune_and_another_gives_another(page):
    first = write(page, seed=1)
    assert write(page, seed=1) == first
    assert write(page, seed=2) != first
    page.locator("#seed").fill("")
    assert write(page) != write(page)


def test_a_title_without_letters_is_refused_in_one_line(page):
    assert write(page, title="酒") == ""
    assert page.get_by_role("status").inner_text() == (
        "The title has no letter that the model knows; give one such as The Lost Badger."
    )
    assert Tune.parse(write(page, title="Now")).title == "Now"


def test_a_tune_is_stopped(page):
    page.evaluate("""new MutationObserver(() => document.getElementById("stop").click())
        .observe(document.getElementById("abc"), { childList: true })""")
    write(page, seed=1)
    assert page.get_by_role("status").inner_text().startswith("Not finished: ")


def test_a_missing_model_is_named(browser, site):
    page = browser.new_page()
    page.route("**/model.onnx", lambda route: route.fulfill(status=404))
    page.goto(site[0])
    page.get_by_role("status").filter(has_text="can't be loaded").wait_for()
    assert "model.onnx can't be read (404); run make.py again" in page.get_by_role("status").inner_text()
    page.close()


def test_a_page_that_is_opened_as_a_file_says_what_to_do(browser, site):
    page = browser.new_page()
    page.goto((site[1] / "index.html").as_uri())
    page.wait_for_timeout(500)
    assert "run python -m http.server in its folder" in page.get_by_role("status").inner_text()
    assert page.locator("#write").is_disabled()
    page.close()


def test_tunes_of_the_page_are_counted(site):
    # In a process of its own, as this one has a browser open.
    script = [sys.executable, ROOT / "benchmarks" / "browser.py", site[1], "--tunes", "2", "--json"]
    said = subprocess.run(script, capture_output=True, text=True, timeout=100, check=True).stdout
    found = json.loads(said)
    assert found["bars drawn again"]["valid"] == found["bars drawn again"]["tunes"] == 2
    assert found["bars as they come"]["redraws"] == 0
    assert found["bars as they come"]["characters_per_second"] > 1


@pytest.mark.skipif(not AXE, reason="ABCLM_AXE names no axe.min.js (npm install axe-core)")
def test_axe_finds_no_violation(page):
    write(page, seed=1)
    page.evaluate(Path(AXE).read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320

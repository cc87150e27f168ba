"""A session as a page, as pictures and as code: complete, safe, and the same again."""

from __future__ import annotations

import base64
import json
import re
import runpy
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from fabric_widget.__main__ import main
from fabric_widget.engine import (
    AspectTable,
    AspectWeights,
    Everything,
    Explore,
    Fabric,
    HiRes,
    Recipe,
    Schedule,
    TokenBudget,
)
from fabric_widget.session import Session, read_settings
from fabric_widget.zoo import tiny
from tests.session.files.small import PaintingFabric, small_session

if TYPE_CHECKING:
    from pathlib import Path

QUICK: dict[str, Any] = {"num_images": 2, "num_inference_steps": 2, "guidance_scale": 3.0}
EVIL = '"><script>alert(1)</script>&amp;\u2028 ’ © <b>'


class Reader(HTMLParser):
    """Reads what of a page a browser would act on."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def session() -> Session:
    """Return a session of which everything is to be told."""
    made = small_session()
    made.generate(EVIL, num_images=1)
    made.dislike(made.rounds[-1][0], 0.5, aspect="form")
    return made


@pytest.mark.parametrize(
    "budget",
    [TokenBudget(share=float("inf")), TokenBudget.exact(), TokenBudget(every=2), TokenBudget()],
    ids=["no limit", "exact", "every second step", "default"],
)
def test_code_gives_the_fabric_the_token_budget_of_then(
    budget: TokenBudget, tmp_path: Path
) -> None:
    fabric = Fabric(tiny.pipeline(), token_budget=budget, cache_bits=8)
    session = Session(fabric)
    session.generate("a cat", num_images=1, num_inference_steps=1)
    session.export(tmp_path / "story.py")
    repeat = runpy.run_path(str(tmp_path / "story.py"))["repeat"]
    again = repeat(fabric.pipe).fabric
    assert (again.token_budget, again.cache_bits) == (budget, 8)


def test_a_page_tells_everything_and_asks_for_nothing(session: Session, tmp_path: Path) -> None:
    assert session.export(tmp_path / "story.html") == [tmp_path / "story.html"]
    page = Reader((tmp_path / "story.html").read_text(encoding="utf-8"))
    assert {"script", "b", "link", "iframe", "object"}.isdisjoint(tag for tag, _ in page.tags)
    assert not [name for _, found in page.tags for name in found if name.startswith("on")]
    for _, found in page.tags:
        for name in ("src", "href"):
            value = found.get(name) or "#"
            assert value.startswith(("data:image/png;base64,", "#"))
    shown = [found for tag, found in page.tags if tag == "img"]
    pictures = [image for made in session.rounds for image in made]
    assert len(shown) == len(pictures) + 1  # the upload
    for found, image in zip(shown, pictures, strict=False):
        data = base64.b64decode(str(found["src"]).partition(",")[2])
        told = read_settings(data)
        assert told is not None
        assert (told.seed, told.prompt) == (image.seed, image.prompt)
        assert f"seed {image.seed}" in str(found["alt"])
        assert image.prompt in str(found["alt"])
    assert EVIL in page.text
    for said in ("▲ liked 0.5", "▼ disliked 0.5: form", "▼ disliked: a part, anywhere", "★"):
        assert said in page.text
    assert "liked: colors" in page.text
    assert "goes on from round 1" in page.text
    marked = [found for tag, found in page.tags if str(found.get("class")).startswith("part")]
    assert marked[0]["style"] == "left:16.67%;top:16.67%;width:66.67%;height:50.00%"
    targets = {found["id"] for _, found in page.tags if found.get("id")}
    links = {str(found["href"])[1:] for tag, found in page.tags if tag == "a"}
    assert links
    assert links <= targets


def test_pictures_have_a_line_each(session: Session, tmp_path: Path) -> None:
    written = session.export(tmp_path / "pictures")
    lines = [json.loads(x) for x in (tmp_path / "pictures/metadata.jsonl").read_text().splitlines()]
    assert {path.name for path in written} == {x["file_name"] for x in lines} | {"metadata.jsonl"}
    images = [image for made in session.rounds for image in made]
    for line, image in zip(lines, images, strict=False):
        with Image.open(tmp_path / "pictures" / line["file_name"]) as shown:
            assert shown.tobytes() == image.image.tobytes()
        assert (line["id"], line["prompt"]) == (image.id, image.prompt)
    (voted,) = [line for line in lines if line["id"] == images[1].id]
    assert voted["starred"]
    assert [(vote["strength"], vote["in_place"]) for vote in voted["votes"]] == [(-1.0, False)]
    assert lines[-1]["file_name"] == "upload-01.png"
    session.export(tmp_path / "pictures")  # brings it up to date


def test_a_folder_of_other_things_is_left_alone(session: Session, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(FileExistsError, match="holds other files"):
        session.export(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def lived(session: Session) -> Session:
    """Give a session rounds of all kinds."""
    first = session.generate("abc “✓”\n", seed=11, **QUICK)
    session.like(first[0], 1.5)
    session.like(Image.new("RGB", (20, 30), "blue"), aspect="colors", part=(2, 3, 15, 17))
    session.generate(batch_size=1, **QUICK)
    session.dislike(first[1], part=np.eye(16) + np.eye(16, k=3), in_place=False)
    session.plan = Explore(variety=0.2)
    session.schedule = Schedule(end=0.5)
    drafts = session.draft("def", num_images=3, num_inference_steps=6, guidance_scale=3.0)
    session.like(drafts[1], aspect="form", part="background")
    session.finish(drafts[1])
    session.branch(1)
    session.plan = Everything()
    session.generate(**QUICK)
    session.star(first[1])
    session.clear()
    session.like(first[1], 0.25)
    return session


@pytest.mark.parametrize("kind", ["one pass", "two passes"])
def test_code_makes_the_same_pictures_to_the_bit(kind: str, tmp_path: Path) -> None:
    table = AspectTable(colors=AspectWeights((1.0,) * 7, end=0.6))
    fabric: Any = Fabric(
        tiny.pipeline(),
        schedule=Schedule(max_weight=0.5),
        token_budget=TokenBudget.exact(),
        aspects=table,
    )
    twice: Any = HiRes(fabric, scale=1.5)
    session = lived(Session(fabric if kind == "one pass" else twice))
    if kind == "one pass":
        session.enlarge(session.rounds[2][0], scale=1.5)
    session.save(tmp_path / "cats.fabric")
    assert main(["export", str(tmp_path / "cats.fabric"), str(tmp_path / "story.py")]) == 0
    again = runpy.run_path(str(tmp_path / "story.py"))["repeat"](tiny.pipeline())
    assert again.strengths == session.strengths
    assert [turn.parent for turn in again.turns] == [turn.parent for turn in session.turns]
    assert [turn.kind for turn in again.turns] == [turn.kind for turn in session.turns]
    assert [image.id for image in again.starred] == [image.id for image in session.starred]
    for made, known in zip(again.rounds, session.rounds, strict=True):
        assert [image.id for image in made] == [image.id for image in known]
        for one, other in zip(made, known, strict=True):
            assert one.image.tobytes() == other.image.tobytes()
            assert one.prompt == other.prompt


def test_code_knows_the_demo_model(tmp_path: Path) -> None:
    session = Session(Fabric(tiny.pipeline()))
    session.generate("abc", **QUICK)
    session.export(tmp_path / "story.py")
    assert 'SystemExit("call repeat(pipe)' in (tmp_path / "story.py").read_text()
    fabric: Any = session.fabric
    pipe = fabric.pipe
    for name, said in (
        ("/somewhere/fabric_widget/demo/model", "repeat(load_demo())"),
        ("owner/model", "from_pretrained('owner/model')"),
        ("/home/somebody/model", "SystemExit"),
    ):
        pipe.register_to_config(_name_or_path=name)
        session.export(tmp_path / "story.py")
        assert said in (tmp_path / "story.py").read_text()
        assert "/home" not in (tmp_path / "story.py").read_text()


class Own:
    """A plan that code cannot name."""

    def recipes(self, votes: Any, num_images: int, seed: int) -> tuple[Recipe, ...]:
        del votes, seed
        return (Recipe(words="as I like"),) * num_images


def test_what_code_cannot_say_is_told(tmp_path: Path) -> None:
    fabric: Any = PaintingFabric()
    session = Session(fabric)
    with pytest.raises(ValueError, match="no round yet"):
        session.export(tmp_path / "story.py")
    gone = session.generate("abc", num_images=1)
    session.undo()
    session.like(gone[0])
    session.generate(num_images=1, seed=99)
    with pytest.raises(ValueError, match="a round that was taken back"):
        session.export(tmp_path / "story.py")
    session = Session(fabric, plan=Own())
    session.generate("abc", num_images=1)
    with pytest.raises(ValueError, match="round 1 follows a plan of its own"):
        session.export(tmp_path / "story.py")
    session = Session(fabric)
    session.generate("abc", num_images=1, prompt_embeds=object())
    with pytest.raises(ValueError, match="made with prompt_embeds"):
        session.export(tmp_path / "story.py")
    with pytest.raises(ValueError, match=re.escape("is to be '.docx': give a name that ends in")):
        session.export(tmp_path / "story.docx")
    assert not list(tmp_path.iterdir())


def test_the_command_says_what_it_wrote_and_refuses_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small_session().save(tmp_path / "cats.fabric")
    assert main(["export", str(tmp_path / "cats.fabric"), str(tmp_path / "story.html")]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'story.html'}\n"
    assert main(["export", str(tmp_path / "dogs.fabric"), str(tmp_path / "story.html")]) == 2
    assert "there is no session" in capsys.readouterr().err

"""`spatialvlm mcp` by the official client: every tool, over stdio and HTTP; what is wrong is said, nothing leaks."""

import asyncio
import json
import os
import re
import shutil
import sys
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import pytest

from spatialvlm.errors import UserError
from spatialvlm.mcp_server import McpConfig, serve_http, serve_stdio

pytest.importorskip("mcp")
pytest.importorskip("httpx")
pytest.importorskip("tokenizers")
pytest.importorskip("uvicorn")
import httpx
from mcp import Client, StdioServerParameters

from fixtures.folders.tiny import tiny_frames, write_rgbd
from fixtures.models.numpy_checkpoint import write_checkpoint
from spatialvlm.http_server import QuietServer, address_of, listen
from spatialvlm.mcp_server import served_tools
from spatialvlm.mcp_server.open_pictures import OpenPictures
from spatialvlm.mcp_server.picture_paths import read_named
from spatialvlm.mcp_server.served_tools import http_application, listed, without_nan
from spatialvlm.reason import all_tools

PROGRAM = "from spatialvlm.cli import main; main()"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, stored: Path) -> Path:
    """Pictures to open, and what is none: links that lead out, a FIFO, a damaged file."""
    place = tmp_path_factory.mktemp("mcp")
    root = place / "root"
    first, second = tiny_frames(2)
    write_rgbd(root / "one", [first])
    write_rgbd(root / "two", [first, second])
    shutil.copytree(stored, root / "dataset")
    cv2.imwrite(str(root / "photo.png"), second.image[..., ::-1])
    shutil.copy(root / "photo.png", place / "secret.png")
    (root / "link.png").symlink_to(place / "secret.png")
    (root / "inside.png").symlink_to(root / "photo.png")
    (root / "circle").symlink_to(root / "circle")
    os.mkfifo(root / "fifo")
    (root / "broken.png").write_bytes(b"no picture")
    shutil.copytree(stored, root / "leaking")
    part = next((root / "leaking" / "scenes").iterdir())
    shutil.move(part, place / "part")
    part.symlink_to(place / "part")
    return root


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"idefics3:{write_checkpoint(tmp_path_factory.mktemp('weights') / 'small')}"


@pytest.fixture(scope="module")
def url(folder: Path, weights: str) -> Iterator[str]:
    with served(McpConfig([folder], vlm=weights, most_pictures=6)) as found:
        yield found


@contextmanager
def served(config: McpConfig, **settings: Any) -> Iterator[str]:
    with listen("127.0.0.1", 0) as opened:
        server = QuietServer(http_application(config, **settings))
        thread = threading.Thread(target=server.run, args=([opened],))
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.005)
            yield f"http://{address_of(opened)}/mcp"
        finally:
            server.should_exit = True
            thread.join()


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 30))


async def told(client: Client, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    assert json.loads(result.content[0].text) == result.structured_content
    return result.structured_content


async def refused(client: Client, tool: str, arguments: dict[str, Any]) -> str:
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    return result.content[0].text


def arguments_of(tool: str, one: str, other: str) -> dict[str, Any]:
    return {
        "ask_vlm": {"question": f"How far is {one} from {other}?"},
        "describe_objects": {},
        "locate": {"phrase": one},
        "size": {"object": one, "of": "height"},
        "distance": {"a": one, "b": other, "of": "centers"},
        "relation": {"a": one, "b": other, "relation": "left"},
        "point_to_3d": {"x": 500, "y": 700},
        "camera": {},
        "set_anchor": {"of": "height", "object": one, "metres": 0.05},
        "fits": {"what": "1 cm", "a": one, "b": other},
        "free_space": {"object": one, "side": "left"},
        "calculate": {"expression": "3 m + 20 cm"},
        "answer": {"value": 3.2, "unit": "m", "confidence": 0.9, "abstain": False},
    }[tool]


async def call_everything(client: Client) -> None:
    """List all tools, check what they say of themselves, and call each."""
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert tools.keys() == {"open_picture", *all_tools()}
    jsonschema = pytest.importorskip("jsonschema")
    for tool in tools.values():
        assert tool.description
        assert set(tool.input_schema["required"]) == set(tool.input_schema["properties"])
        assert tool.input_schema["additionalProperties"] is False
        jsonschema.Draft202012Validator.check_schema(tool.input_schema)
        jsonschema.Draft202012Validator.check_schema(tool.output_schema)
    opened = await told(client, "open_picture", {"path": "one"})
    assert (opened["sees"], set(opened["tools"])) == ("scene", set(all_tools()))
    picture = {"picture": opened["picture"]}
    things = (await told(client, "describe_objects", picture))["objects"]
    assert len(things) == opened["objects"]
    for name in sorted(all_tools(), key=lambda name: name == "answer"):
        arguments = picture | arguments_of(name, things[0]["name"], things[1]["name"])
        jsonschema.validate(arguments, tools[name].input_schema)
        if name == "set_anchor":  # the depth is exact: nothing may move it
            assert "changed nothing" in await refused(client, name, arguments)
            continue
        jsonschema.validate(await told(client, name, arguments), tools[name].output_schema)
    away = await told(client, "distance", picture | {"a": things[0]["name"], "b": "camera", "of": "centers"})
    twice = await told(client, "calculate", picture | {"expression": f"2 * {away['handle']}"})
    assert twice["value"] == pytest.approx(2 * away["value"])


def test_every_tool_over_stdio_by_the_command_itself(folder: Path, weights: str):
    arguments = ["-c", PROGRAM, "mcp", "--root", str(folder), "--vlm", weights]
    started = StdioServerParameters(command=sys.executable, args=arguments, env=dict(os.environ))

    async def work() -> None:
        async with Client(started) as client:
            await call_everything(client)

    run(work())


def test_every_tool_over_http(url: str):
    async def work() -> None:
        async with Client(url) as client:
            await call_everything(client)

    run(work())


def test_pictures_of_every_sort_are_opened(url: str, folder: Path):
    async def work() -> None:
        async with Client(url) as client:
            for path in ("photo.png", "inside.png", str(folder / "photo.png"), "dataset/../photo.png"):
                opened = await told(client, "open_picture", {"path": path})
                assert (opened["sees"], opened["tools"]) == ("vlm", ["answer", "ask_vlm", "calculate"])
            picture = {"picture": opened["picture"]}
            assert "there is none; expected one of answer, ask_vlm, calculate" in await refused(
                client, "size", picture | {"object": "box", "of": "height"}
            )
            frame = json.loads((folder / "two" / "frames.jsonl").read_text().splitlines()[0])["id"]
            opened = await told(client, "open_picture", {"path": f"dataset#{frame}-0000"})
            assert opened["sees"] == "scene"
            assert "point_to_3d" in opened["tools"]
            picture = {"picture": opened["picture"]}
            text = await refused(client, "point_to_3d", picture | {"x": 500, "y": 700})
            assert "the depth map of the picture is not at hand" in text
            assert "handle" in await told(client, "ask_vlm", picture | {"question": "What is this?"})

    run(work())


WRONG_PATHS = {
    "../secret.png": "lies outside of the folders that may be read",
    "/etc/passwd": "lies outside of the folders",
    "one/../../secret.png": "lies outside of the folders",
    "link.png": "lies outside of the folders",
    "leaking": "",
    "circle": "",
    "nowhere.png": "no such file or folder; give one inside",
    "dataset#nothing": "no frame 'nothing'",
    "nowhere#nothing": "no such file or folder",
    "../root#nothing": "",
    "dataset": "name one as dataset#FRAME",
    "two": "holds 2 frames, expected one",
    "fifo": "is neither a file nor a folder",
    "broken.png": "broken.png",
    "a\0b": "holds signs that no path has",
    "x" * 5000: "too long",
    "": "is empty",
}


def test_what_is_no_picture_is_refused_with_a_way_out(url: str, folder: Path):
    frame = json.loads((folder / "two" / "frames.jsonl").read_text().splitlines()[0])["id"]

    async def work() -> None:
        async with Client(url) as client:
            for path, said in WRONG_PATHS.items():
                text = await refused(client, "open_picture", {"path": path})
                assert said in text
                assert re.search(r"name|give|go from|copy", text), text
            text = await refused(client, "open_picture", {"path": f"leaking#{frame}-0000"})
            assert "leads out of the dataset" in text

    run(work())


def test_wrong_calls_say_what_is_wrong(url: str):
    async def work() -> None:
        async with Client(url) as client:
            picture = {"picture": (await told(client, "open_picture", {"path": "one"}))["picture"]}
            size = {"object": "box", "of": "height"}
            for tool, arguments, said in (
                ("open_picture", {}, "path: Field required"),
                ("open_picture", {"path": 3}, "path: Input should be a valid string"),
                ("open_picture", {"path": "one", "mode": "r"}, "mode: Extra inputs are not permitted"),
                ("size", size, "call open_picture first"),
                ("size", {"picture": "1234"} | size, "picture '1234': is not open"),
                ("size", {"picture": 7} | size, "picture 7: is not open"),
                ("size", picture | {"object": "box"}, "of: Field required"),
                ("size", picture | size | {"unit": "m"}, "unit: Extra inputs are not permitted"),
                ("size", picture | size | {"of": "depth"}, "Input should be 'height', 'width' or 'elevation'"),
                ("size", picture | {"object": "dragon", "of": "height"}, "no object is called so"),
                ("calculate", picture | {"expression": "d9 + 1 m"}, "'d9' is no handle"),
                ("nothing", picture, "tool 'nothing': there is none; expected one of open_picture, answer"),
            ):
                assert said in await refused(client, tool, arguments)

    run(work())


def test_two_clients_at_once_keep_their_own_pictures(url: str, folder: Path):
    ids = [json.loads(line)["id"] for line in (folder / "two" / "frames.jsonl").read_text().splitlines()]

    async def reason(path: str) -> list[Any]:
        async with Client(url) as client:
            opened = await told(client, "open_picture", {"path": path})
            picture = {"picture": opened["picture"]}
            names = [one["name"] for one in (await told(client, "describe_objects", picture))["objects"]]
            heights = []
            for name in names:
                found = await told(client, "size", picture | {"object": name, "of": "width"})
                heights.append((found.get("handle"), found.get("value")))
                await asyncio.sleep(0.01)
            await told(client, "answer", picture | arguments_of("answer", "", ""))
            return [opened["picture"], names, heights]

    async def work() -> None:
        paths = [f"dataset#{ids[0]}-0000", f"dataset#{ids[1]}-0000"]
        both = await asyncio.gather(*(reason(path) for path in paths))
        alone = [await reason(path) for path in paths]
        assert [one[1:] for one in both] == [one[1:] for one in alone]
        assert len({one[0] for one in both + alone}) == 4

    run(work())


def test_the_pictures_used_last_are_kept(url: str):
    async def work() -> None:
        async with Client(url) as client:
            first, second = [(await told(client, "open_picture", {"path": "photo.png"}))["picture"] for _ in range(2)]
            for _ in range(5):
                await told(client, "calculate", {"picture": first, "expression": "1 + 1"})
                await told(client, "open_picture", {"path": "photo.png"})
            await told(client, "calculate", {"picture": first, "expression": "1 + 1"})
            text = await refused(client, "calculate", {"picture": second, "expression": "1 + 1"})
            assert "The 6 pictures used last are kept" in text

    run(work())


def test_a_server_without_a_model_says_what_it_lacks(folder: Path):
    assert "ask_vlm" not in {tool.name for tool in listed(asks=False)}
    with served(McpConfig([folder]), key="secret") as found:
        for headers, codes in (
            ({}, {401}),
            ({"Authorization": "Bearer other"}, {401}),
            ({"Authorization": "Bearer secret", "Host": "evil.example"}, {403, 421}),
            ({"Authorization": "Bearer secret"}, {400, 406}),
        ):
            assert httpx.post(found, headers=headers, json={}).status_code in codes
    with pytest.raises(UserError, match="start the server with --recipe"):
        OpenPictures(McpConfig([folder])).open("photo.png")


def test_wrong_settings(folder: Path, run: Any):
    code, out, err = run("mcp", "--root", folder / "nowhere")
    assert (code, out) == (1, "")
    assert "no such folder; give one that holds pictures" in err
    with pytest.raises(UserError, match="recipe 'soup': unknown; choose one of"):
        serve_stdio(McpConfig([folder], recipe="soup"))
    with pytest.raises(UserError, match="no such folder, hub id or server"):
        serve_stdio(McpConfig([folder], vlm="./nowhere"))
    with pytest.raises(UserError, match="other machines reach it, and no key is set"):
        serve_http(McpConfig([folder]), host="0.0.0.0")
    with listen("127.0.0.1", 0) as taken, pytest.raises(UserError, match="cannot be had"):
        serve_http(McpConfig([folder]), port=taken.getsockname()[1])


def test_what_breaks_is_told_to_the_log_alone(folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any):
    def breaks(*_: Any) -> None:
        raise RuntimeError("/home/secret broke")

    monkeypatch.setattr(served_tools, "called", breaks)

    async def work() -> None:
        async with Client(served_tools.server_of(McpConfig([folder]))) as client:
            assert "whose log says why" in await refused(client, "camera", {})

    run(work())
    assert "/home/secret broke" in caplog.text


def test_no_number_that_is_none_goes_out():
    assert without_nan({"a": [float("nan"), 1.0], "b": float("inf")}) == {"a": [None, 1.0], "b": None}


def test_a_second_root_is_searched_too(folder: Path):
    roots = (folder / "one", folder)
    assert getattr(read_named("photo.png", roots), "id", None)

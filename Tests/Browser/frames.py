"""Holds the frames of a real page against docs/live.asyncapi.yaml: every one must be in the catalogue, word for word."""

import json
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from browser import Failed

CATALOGUE = Path(__file__).parents[2] / "docs" / "live.asyncapi.yaml"
# What any page sends and gets; the rest of the catalogue takes a fault to be seen.
ALWAYS = {("sent", "open"), ("sent", "close"), ("received", "hello"), ("received", "rows"), ("received", "change"),
          ("received", "commit")}


class Catalogue:
    def __init__(self):
        document = yaml.safe_load(CATALOGUE.read_text())
        registry = Registry().with_resource("catalogue:", DRAFT202012.create_resource(document))
        self.validators = {}
        for direction, operation in (("sent", "ask"), ("received", "tell")):
            for reference in document["operations"][operation]["messages"]:
                name = reference["$ref"].rsplit("/", 1)[1]
                message = document["channels"]["live"]["messages"][name]["$ref"].rsplit("/", 1)[1]
                schema = {"$ref": f"catalogue:#/components/messages/{message}/payload"}
                kind = document["components"]["messages"][message]["payload"]["properties"]["type"]["const"]
                self.validators[direction, kind] = Draft202012Validator(schema, registry=registry)

    def check(self, direction, text):
        """The frame's type; fails with the first fault."""
        frame = json.loads(text)
        validator = self.validators.get((direction, frame.get("type")))
        if validator is None:
            raise Failed(f"a frame {direction} is of no type of the catalogue: {text[:200]}")
        for fault in validator.iter_errors(frame):
            raise Failed(f"{direction} {frame['type']}: {fault.message} at {'/'.join(map(str, fault.path))}: {text[:200]}")
        return direction, frame["type"]


class Recorder:
    """Listens to the sockets of a browser context's pages. A shared worker's are out of a page's sight, so there is none."""

    def __init__(self, context):
        self.frames = []
        context.add_init_script("delete globalThis.SharedWorker")
        context.on("page", lambda page: page.on("websocket", self._listen))

    def _listen(self, socket):
        socket.on("framesent", lambda payload: self.frames.append(("sent", payload)))
        socket.on("framereceived", lambda payload: self.frames.append(("received", payload)))

    def check(self):
        """How many frames there were; each is in the catalogue, and every usual kind was seen."""
        catalogue = Catalogue()
        seen = {catalogue.check(direction, text) for direction, text in self.frames}
        if missing := ALWAYS - seen:
            raise Failed(f"expected frames of every usual kind, and saw none of {sorted(missing)}")
        return len(self.frames)

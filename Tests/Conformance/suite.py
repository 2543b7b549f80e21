"""The cases of the Autobahn test suite, as they stand in its package, on Python 3.

They are written in Python 2, where a text is bytes. Here every text of theirs holds one character for each byte
(Latin-1), which keeps their comparisons and their arithmetic what they were; what else has changed in the language is
put right as a file is read. Nothing of the suite is kept in this repository.
"""

import ast
import binascii
import codecs
import importlib.abc
import importlib.util
import re
import sys
import types
from pathlib import Path


def find():
    """The folder of the installed package, which is never imported itself."""
    spec = importlib.util.find_spec("autobahntestsuite")
    if spec is None:
        sys.exit("the test suite is not installed: script/setup conformance")
    return Path(spec.submodule_search_locations[0])


def as_bytes(text):
    return text.encode("latin-1") if isinstance(text, str) else bytes(text)


def as_text(data):
    return bytes(data).decode("latin-1")


class Utf8Validator:
    """What `autobahn.websocket.utf8validator` says of a text: valid so far, and ending at a character's end."""

    def __init__(self):
        self.reset()

    def reset(self):
        self.decoder = codecs.getincrementaldecoder("utf-8")("strict")

    def validate(self, text):
        try:
            self.decoder.decode(as_bytes(text))
        except UnicodeDecodeError:
            return False, False, 0, 0
        return True, self.decoder.getstate()[0] == b"", 0, 0


class WebSocketProtocol:
    """The names that cases ask `autobahn.websocket.protocol` for."""

    STATE_CLOSED, STATE_CONNECTING, STATE_CLOSING, STATE_OPEN = range(4)
    MESSAGE_TYPE_TEXT, MESSAGE_TYPE_BINARY = 1, 2
    CLOSE_STATUS_CODE_NORMAL = 1000
    CLOSE_STATUS_CODE_GOING_AWAY = 1001
    CLOSE_STATUS_CODE_PROTOCOL_ERROR = 1002
    CLOSE_STATUS_CODE_INVALID_PAYLOAD = 1007


class PerMessageDeflateOffer:
    """An offer of compression, by the parameters and with the defaults of `autobahn.websocket.compress`."""

    def __init__(self, acceptNoContextTakeover=True, acceptMaxWindowBits=True, requestNoContextTakeover=False,
                 requestMaxWindowBits=0):
        self.acceptNoContextTakeover = acceptNoContextTakeover
        self.acceptMaxWindowBits = acceptMaxWindowBits
        self.requestNoContextTakeover = requestNoContextTakeover
        self.requestMaxWindowBits = requestMaxWindowBits

    def text(self):
        return "permessage-deflate" + "".join([
            "; client_no_context_takeover" if self.acceptNoContextTakeover else "",
            "; client_max_window_bits" if self.acceptMaxWindowBits else "",
            "; server_no_context_takeover" if self.requestNoContextTakeover else "",
            f"; server_max_window_bits={self.requestMaxWindowBits}" if self.requestMaxWindowBits else ""])


def module(name, **contents):
    made = types.ModuleType(name)
    made.__dict__.update(contents, __all__=list(contents))
    return made


class Cases(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the suite's modules and what they import of its own libraries."""

    def __init__(self, package):
        self.package = package
        self.stand_ins = {
            "binascii2": module("binascii2", b2a_hex=self.hex, hexlify=self.hex),
            "pkg_resources": module("pkg_resources", resource_filename=lambda _, name: str(package / name)),
            "autobahn": module("autobahn"),
            "autobahn.websocket": module("autobahn.websocket"),
            "autobahn.websocket.protocol": module("protocol", WebSocketProtocol=WebSocketProtocol),
            "autobahn.websocket.utf8validator": module("utf8validator", Utf8Validator=Utf8Validator),
            # Only a server that is tested by a client is asked for the other three.
            "autobahn.websocket.compress": module(
                "compress", PerMessageDeflateOffer=PerMessageDeflateOffer, PerMessageDeflateOfferAccept=None,
                PerMessageDeflateResponse=None, PerMessageDeflateResponseAccept=None),
            # For a case that is in no list.
            "twisted": module("twisted"),
            "twisted.internet": module("internet", reactor=None, interfaces=types.SimpleNamespace(IPushProducer=None)),
            "zope": module("zope"),
            "zope.interface": module("interface", implements=lambda _: None),
        }

    @staticmethod
    def hex(text):
        return binascii.hexlify(as_bytes(text)).decode()

    def file(self, name):
        if name == "cases":
            return self.package / "case" / "__init__.py"
        return self.package / "case" / f"{name}.py" if re.fullmatch(r"case[\w]*", name) else None

    def find_spec(self, name, path=None, target=None):
        file = self.file(name)
        return importlib.util.spec_from_loader(name, self) if file and file.exists() else None

    def create_module(self, spec):
        return None

    def exec_module(self, made):
        source = self.file(made.__name__).read_bytes().decode("latin-1").replace("\r\n", "\n")
        source = re.sub(r"^(\s*)print (.*)$", r"\1print(\2)", source, flags=re.M)
        tree = ast.fix_missing_locations(AsItWas().visit(ast.parse(source)))
        made.__dict__.update(xrange=range, unichr=chr)
        exec(compile(tree, made.__name__, "exec"), made.__dict__)

    def load(self):
        """The list of cases and the names of their groups."""
        kept = {name: sys.modules.pop(name) for name in self.stand_ins if name in sys.modules}
        sys.modules.update(self.stand_ins)
        sys.meta_path.insert(0, self)
        try:
            cases = importlib.import_module("cases")
        finally:
            sys.meta_path.remove(self)
            for name in self.stand_ins:
                del sys.modules[name]
            sys.modules.update(kept)
        return cases.Cases, cases.CaseCategories


class AsItWas(ast.NodeTransformer):
    """Integers divide to integers, a class may have `object` before another as a base, and what turns bytes to
    hexadecimals takes a text."""

    def visit_BinOp(self, node):
        self.generic_visit(node)
        return ast.BinOp(node.left, ast.FloorDiv(), node.right) if isinstance(node.op, ast.Div) else node

    def visit_Tuple(self, node):
        self.generic_visit(node)
        if len(node.elts) > 1 and isinstance(node.elts[0], ast.Name) and node.elts[0].id == "object":
            node.elts.pop(0)
        return node

    def visit_Import(self, node):
        for alias in node.names:
            if alias.name == "binascii":
                alias.name, alias.asname = "binascii2", "binascii"
        return node


def identifier(case):
    """`Case6_4_1` → `6.4.1`"""
    return case.__name__.removeprefix("Case").replace("_", ".")

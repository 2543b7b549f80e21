"""Those who use the mall over HTTP, and the things a scenario calls by name. Standard library only."""

import json
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from http.client import HTTPConnection, HTTPException
from http.cookiejar import CookieJar
import socket

TIMEOUT = 30
PATIENCE = 10.0
REST = 0.05
PASSWORD = "correct horse battery staple"


class Unmet(AssertionError):
    """Something did not come true."""


def eventually(what, condition, within=PATIENCE):
    """Waits for a condition and returns what it gives; what it raised last tells why it did not come."""
    end = time.monotonic() + within
    while True:
        why = None
        try:
            found = condition()
            if found:
                return found
        except AssertionError as error:
            why = error
        if time.monotonic() > end:
            raise Unmet(f"{what}: not within {within:g} s" + (f"; {why}" if why else ""))
        time.sleep(REST)


class Reply:
    """An answer, whatever its status."""

    def __init__(self, asked, status, text, fields=None):
        self.asked, self.status, self.fields = asked, status, fields or {}
        try:
            self.body = json.loads(text) if text else {}
        except ValueError:
            self.body = {"message": text.decode("utf-8", "replace")[:300]}

    def __getitem__(self, name):
        if not isinstance(self.body, dict) or name not in self.body:
            raise Unmet(f"expected {name} in {self}")
        return self.body[name]

    def get(self, name, default=None):
        return self.body.get(name, default)

    @property
    def code(self):
        return self.body.get("code") if isinstance(self.body, dict) else None

    @property
    def is_done(self):
        return 200 <= self.status < 300

    def must_be_done(self):
        if not self.is_done:
            raise Unmet(f"{self}")
        return self

    def __str__(self):
        return f"{self.asked} → {self.status} {json.dumps(self.body, ensure_ascii=False)[:600]}"


class Caller:
    """A kiosk or robot with its token, a member of staff with their cookie, or nobody."""

    def __init__(self, server, token=None, user=None, password=None):
        self.server, self.token, self.user, self.password = server, token, user, password
        self.cookies = CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def log_in(self):
        return self._ask("POST", "/admin/api/session", {"user": self.user, "password": self.password}, None, {})

    def __call__(self, method, path, body=None, key=None, fields=None):
        reply = self._ask(method, path, body, key, fields or {})
        # A session ends when the mall's time is moved beyond its length.
        if reply.status == 401 and self.user and self.log_in().is_done:
            reply = self._ask(method, path, body, key, fields or {})
        return reply

    def once(self, method, path, body=None):
        """As `__call__`, without logging in again."""
        return self._ask(method, path, body, None, {})

    def get(self, path, fields=None, **query):
        pairs = [(name, each) for name, value in query.items() for each in (value if isinstance(value, list) else [value])]
        return self("GET", path + ("?" + urllib.parse.urlencode(pairs) if pairs else ""), fields=fields)

    def post(self, path, body=None, key=None):
        return self("POST", path, body if body is not None else {}, key)

    def put(self, path, body=None, key=None):
        return self("PUT", path, body if body is not None else {}, key)

    def delete(self, path, body=None, key=None):
        return self("DELETE", path, body, key)

    def _ask(self, method, path, body, key, fields):
        headers = {"Accept": "application/json", **fields}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if method != "GET":
            headers["Idempotency-Key"] = key or str(uuid.uuid4())
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(self.server.base + path, data, headers, method=method)
        asked = f"{method} {path} {json.dumps(body) if body else ''}".strip()
        try:
            with self.opener.open(request, timeout=TIMEOUT) as answer:
                return Reply(asked, answer.status, answer.read(), dict(answer.headers))
        except urllib.error.HTTPError as error:
            return Reply(asked, error.code, error.read(), dict(error.headers))
        except (urllib.error.URLError, OSError, HTTPException) as error:
            return Reply(asked, 0, json.dumps({"code": "no answer", "message": str(error)}).encode())


class Control:
    """The test control of a server: its socket in the file system."""

    def __init__(self, path):
        self.path = str(path)

    def __call__(self, path, body=None, method="POST"):
        connection = HTTPConnection("control")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(TIMEOUT)
        connection.sock.connect(self.path)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode()
            return answer.status, text
        finally:
            connection.close()

    def advance(self, seconds):
        """Moves the mall's time, and tells it."""
        return self._must("/clock/advance", {"seconds": seconds}).strip()

    def services(self, **moods):
        self._must("/services", moods)

    def pause(self, listener, paused):
        self._must("/listeners", {"listener": listener, "paused": paused})

    def listeners(self):
        text = self("/listeners", {})[1]
        return [name.strip() for name in text.rpartition("listeners: ")[2].split(",") if name.strip()]

    def disturb(self, fault, listener=None, message=None, times=None):
        rule = {"fault": fault, "listener": listener, "message": message, "times": times}
        self._must("/disturbances", {name: value for name, value in rule.items() if value is not None})

    def disturbances(self):
        """What was asked for, each with how often it has struck."""
        return json.loads(self._must("/disturbances", method="GET"))

    def calm(self):
        self._must("/disturbances", method="DELETE")

    def delivered(self):
        """What the text service has delivered."""
        return json.loads(self._must("/sms", method="GET"))

    def _must(self, path, body=None, method="POST"):
        status, text = self(path, body, method)
        if not 200 <= status < 300:
            raise Unmet(f"the test control refused {method} {path} {body}: {status} {text}")
        return text


class World:
    """What one scenario has made, by the names it gave. Real names have an ending of their own, so that scenarios do not
    meet each other's."""

    def __init__(self, server):
        self.server = server
        self.control = server.control
        self.mark = uuid.uuid4().hex[:6]
        self.administrator = server.administrator
        self.kiosk = server.kiosk
        self.stores, self.products, self.customers, self.phones = {}, {}, {}, {}
        self.baskets, self.payments, self.orders, self.codes = {}, {}, {}, {}
        self.robots, self.robot_ids, self.reports, self.staff, self.kept = {}, {}, {}, {}, {}
        self.reply = None
        self.replies = []
        # Open pages, and what came of races by their order's name.
        self.pages, self.races = {}, {}
        # Listeners that hear nothing.
        self.paused = set()

    def called(self, name):
        return f"{name} {self.mark}"

    # Making what most scenarios need

    def store(self, name, participating=True):
        made = self.administrator.post(
            "/admin/api/stores", {"name": self.called(name), "location": "Level 1, unit 7"}).must_be_done()
        self.stores[name] = made["id"]
        if participating:
            self.administrator.put(f"/admin/api/stores/{made['id']}/participating").must_be_done()
        return made["id"]

    def product(self, store, name, price, sku=""):
        made = self.administrator.post(
            f"/admin/api/stores/{self.stores[store]}/products",
            {"name": self.called(name), "description": "", "sku": sku, "priceMinor": price}).must_be_done()
        self.products[name] = made["id"]
        return made["id"]

    def phone(self, name):
        if name not in self.phones:
            self.phones[name] = f"+4915{uuid.uuid4().int % 10**9:09d}"
        return self.phones[name]

    def customer(self, name):
        made = self.kiosk.post(
            "/api/customers", {"name": self.called(name), "smsNumber": self.phone(name)}).must_be_done()
        self.customers[name] = made["id"]
        return made["id"]

    def basket(self, name, customer):
        made = self.kiosk.post("/api/baskets", {"customerId": self.customers[customer]}).must_be_done()
        self.baskets[name] = made["id"]
        return made["id"]

    def add(self, basket, product, quantity):
        """Baskets hear of stores and products by messages: shortly after, they may not know them yet."""
        def added():
            reply = self.kiosk.put(
                f"/api/baskets/{self.baskets[basket]}/addItem",
                {"productId": self.products[product], "quantity": quantity})
            return reply.must_be_done()
        return eventually(f"{quantity} {product} are in the basket", added)

    def pay(self, basket):
        reply = self.kiosk.post("/api/payments", {"basketId": self.baskets[basket]}).must_be_done()
        self.payments[basket] = reply["id"]
        return reply["id"]

    def check_out(self, basket):
        reply = self.kiosk.put(
            f"/api/baskets/{self.baskets[basket]}/checkout", {"paymentId": self.payments[basket]}).must_be_done()
        self.remember_order(basket, reply)
        return reply

    def remember_order(self, name, reply):
        self.orders[name] = reply["orderId"]
        self.codes[name] = reply["pickupCode"]

    def place(self, order, customer, lines):
        if customer not in self.customers:
            self.customer(customer)
        self.basket(order, customer)
        for product, quantity in lines:
            self.add(order, product, quantity)
        self.pay(order)
        return self.check_out(order)

    # Seeing

    def order(self, name):
        return self.administrator.get(f"/admin/api/orders/{self.orders[name]}").must_be_done()

    def awaited(self, name, status, within=PATIENCE):
        def is_so():
            order = self.order(name)
            if order["status"] != status:
                raise Unmet(f"the order is {order['status']}: {order.body.get('rejectReason') or ''}")
            return order
        return eventually(f"the order {name} is {status}", is_so, within)

    def rows(self, path, field, **query):
        return self.administrator.get(path, **query).must_be_done()[field]

    def row(self, path, field, **query):
        rows = self.rows(path, field, **query)
        return rows[0] if rows else None

    def list(self, order):
        return self.row("/admin/api/lists", "lists", order=self.orders[order])

    def invoice(self, order):
        return self.row("/admin/api/invoices", "invoices", order=self.orders[order])

    def saga(self, order):
        return self.administrator.get(f"/admin/api/sagas/{self.orders[order]}").must_be_done().body

    def texts(self, order, kind=None):
        query = {"order": self.orders[order]}
        if kind:
            query["kind"] = [kind]
        return self.rows("/admin/api/messages", "messages", **query)

    def database(self, statement):
        """The cells of a statement's first row."""
        done = subprocess.run(
            ["psql", "--no-psqlrc", "-qAt", "-h", str(self.server.data.resolve() / "socket"), "-U", "postgres", "-d", "mallbots",
             "-c", statement], capture_output=True, text=True, timeout=TIMEOUT)
        if done.returncode != 0:
            raise Unmet(f"the database said: {done.stderr.strip()}")
        return done.stdout.strip()

    def settle(self):
        """Waits until nobody who listens has anything more to hear, and no time has come that somebody waits for."""
        deaf = ", ".join(f"'{name}'" for name in self.paused) or "''"
        now = self.control.advance(0)
        eventually("everything was heard", lambda: self.number(
            "select (select count(*) from mall.checkpoints where position < (select max(position) from mall.log) "
            f"and consumer not in ({deaf})) + (select count(*) from mall.timers where due <= '{now}')") == 0)

    def let_pass(self, seconds):
        """Time passes, and what was waited for happens."""
        self.control.advance(seconds)
        self.settle()

    # What the log has about one thing, which is its key or is named by it

    def written(self, identity):
        return self.number(
            "select count(*) from mall.log join mall.streams using (stream_no) "
            f"where stream_id = '{identity}' or position('{identity}' in convert_from(body, 'UTF8')) > 0")

    def said(self, message, identity):
        """How often a message was said on the thing's stream, or about it."""
        return self.number(
            f"select count(*) from mall.log join mall.streams using (stream_no) where kind = 1 and type = '{message}' "
            f"and (stream_id = '{identity}' or position('{identity}' in convert_from(body, 'UTF8')) > 0)")

    def number(self, statement):
        return int(self.database(statement) or 0)

    # Robots, by their names

    def robot(self, name):
        made = self.administrator.post("/admin/api/bots", {"name": self.called(name)}).must_be_done()
        self.robots[name] = Caller(self.server, made["token"])
        self.robot_ids[name] = made["id"]
        self.robots[name].post("/robots/api/hello", {}).must_be_done()

    def report(self, robot, order, what, body=None, number=None):
        """A robot's next report, or one of a number that the scenario chooses."""
        at = (robot, order)
        if number is None:
            number = self.reports.get(at, 0) + 1
        self.reports[at] = max(number, self.reports.get(at, 0))
        return self.robots[robot].post(
            f"/robots/api/lists/{self.list(order)['id']}/{what}", {**(body or {}), "reportNo": number})

    def accept(self, robot, order):
        found = eventually("the list is there", lambda: self.list(order))
        self.reports[robot, order] = 0
        return self.robots[robot].post(f"/robots/api/lists/{found['id']}/accept")

    def shop(self, robot, order, short=None, but=None):
        """The whole errand: what is in `short` lacks so many units. Stops before the delivery if told so."""
        self.accept(robot, order).must_be_done()
        self.report(robot, order, "start").must_be_done()
        names = {identity: name for name, identity in self.products.items()}
        for stop in self.list(order)["stops"]:
            self.report(robot, order, "arrive", {"storeId": stop["storeId"]}).must_be_done()
            for line in stop["lines"]:
                missing = (short or {}).get(names.get(line["productId"]), 0)
                subject = {"storeId": stop["storeId"], "productId": line["productId"]}
                if line["ordered"] > missing:
                    self.report(robot, order, "pick", {**subject, "quantity": line["ordered"] - missing}).must_be_done()
                if missing:
                    self.report(robot, order, "unavailable", {**subject, "quantity": missing}).must_be_done()
        if but != "deliver":
            self.report(robot, order, "deliver").must_be_done()

    def counts(self, order, less=None):
        names = {identity: name for name, identity in self.products.items()}
        found = self.administrator.get(f"/admin/api/lists/{self.list(order)['id']}").must_be_done()
        return [
            {"storeId": stop["storeId"], "productId": line["productId"],
             "quantity": line["picked"] - (less or {}).get(names.get(line["productId"]), 0)}
            for stop in found["stops"] for line in stop["lines"]]

    def check_in(self, order, less=None):
        return self.administrator.post(
            f"/admin/api/lists/{self.list(order)['id']}/complete", {"counts": self.counts(order, less)})

    def bring(self, order, short=None):
        """From approval to ready, by a robot of its own."""
        self.awaited(order, "approved")
        robot = f"robot of {order}"
        if robot not in self.robots:
            self.robot(robot)
        self.shop(robot, order, short)
        self.check_in(order).must_be_done()

    def pay_invoice(self, order, method="card_on_file", amount=None, by=None):
        invoice = eventually("the invoice is there", lambda: self.invoice(order))
        return (by or self.administrator).put(
            f"/admin/api/invoices/{invoice['id']}/pay",
            {"method": method, "expectedAmountMinor": invoice["amountMinor"] if amount is None else amount})

    def paid(self, order):
        return eventually(
            f"the invoice of {order} is paid", lambda: (found := self.invoice(order)) and found["status"] == "paid" and found)

    def hire(self, name, role, stores=()):
        user = f"{name}-{self.mark}"
        self.administrator.put(
            f"/admin/api/staff/{user}",
            {"name": name, "password": PASSWORD, "roles": [role], "stores": [self.stores[each] for each in stores]},
        ).must_be_done()
        self.staff[name] = Caller(self.server, user=user, password=PASSWORD)
        self.staff[name].log_in().must_be_done()
        return self.staff[name]

    def tidy_up(self):
        """Nothing of this scenario waits for the robots of the next."""
        for order in self.orders.values():
            self.administrator.post(f"/admin/api/orders/{order}/cancel", {"reason": "the scenario is over"})
        for robot, identity in self.robot_ids.items():
            self.robots[robot].post("/robots/api/offline", {"reason": "the scenario is over"})
            self.administrator.post(f"/admin/api/bots/{identity}/retire")

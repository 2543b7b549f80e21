"""The mall over HTTP: what a kiosk and a member of staff may ask of it. Standard library only."""

import json
import time
import urllib.error
import urllib.request
import uuid
from http.cookiejar import CookieJar

from browser import Failed

TIMEOUT = 15


class Refused(Failed):
    def __init__(self, method, path, status, body):
        super().__init__(f"{method} {path} was answered {status}: {json.dumps(body)}")
        self.status, self.body = status, body


class Http:
    """One caller: a kiosk with its token, or staff with a session cookie."""

    def __init__(self, base, token=None):
        self.base, self.token = base.rstrip("/"), token
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def __call__(self, method, path, body=None):
        headers = {"Accept": "application/json", "Origin": self.base}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if method != "GET":
            headers["Idempotency-Key"] = str(uuid.uuid4())
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(self.base + path, data, headers, method=method)
        try:
            with self.opener.open(request, timeout=TIMEOUT) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            text = error.read()
            try:
                said = json.loads(text)
            except ValueError:
                said = text.decode("utf-8", "replace")[:200]
            raise Refused(method, path, error.code, said) from None
        except urllib.error.URLError as error:
            raise Failed(f"{method} {path}: no answer: {error.reason}") from None
        return json.loads(text) if text else {}


class Staff(Http):
    def log_in(self, user, password):
        self("POST", "/admin/api/session", {"user": user, "password": password})
        return self

    def create_store(self, name, location):
        return self("POST", "/admin/api/stores", {"name": name, "location": location})["id"]

    def participate(self, store):
        self("PUT", f"/admin/api/stores/{store}/participating")

    def add_product(self, store, name, price_minor, sku=""):
        product = {"name": name, "description": "", "sku": sku, "priceMinor": price_minor}
        return self("POST", f"/admin/api/stores/{store}/products", product)["id"]

    def cancel(self, order, reason):
        self("POST", f"/admin/api/orders/{order}/cancel", {"reason": reason})

    def order(self, order):
        return self("GET", f"/admin/api/orders/{order}")


class Kiosk(Http):
    def register(self, name, number):
        return self("POST", "/api/customers", {"name": name, "smsNumber": number})["id"]

    def check_out(self, customer, lines):
        """Fills a basket, authorises its total and checks out. Answers the id of the order."""
        basket = self("POST", "/api/baskets", {"customerId": customer})["id"]
        for product, quantity in lines:
            self._until_known(
                lambda: self("PUT", f"/api/baskets/{basket}/addItem", {"productId": product, "quantity": quantity}))
        payment = self("POST", "/api/payments", {"basketId": basket})["id"]
        return self("PUT", f"/api/baskets/{basket}/checkout", {"paymentId": payment})["orderId"]

    @staticmethod
    def _until_known(act, within=10.0):
        """A basket learns of a product by a message: shortly after it was added it may not know it yet."""
        end = time.monotonic() + within
        while True:
            try:
                return act()
            except Refused as refused:
                if refused.status not in (404, 409) or time.monotonic() > end:
                    raise
                time.sleep(0.1)


class Robot(Http):
    """A robot of the depot: it fetches what it is told to, and reports each step under a number that rises."""

    @classmethod
    def register(cls, staff, name):
        answer = staff("POST", "/admin/api/bots", {"name": name})
        robot = cls(staff.base, answer["token"])
        robot.id, robot.name = answer["id"], name
        robot("POST", "/robots/api/hello", {})
        return robot

    def find_work(self, order):
        """The list of this order, as soon as it is offered; what is offered before it is for others to fetch."""
        end = time.monotonic() + TIMEOUT
        declined = []
        while time.monotonic() < end:
            work = self("POST", "/robots/api/work", {"declined": declined}).get("list")
            if work and work["orderId"] == order:
                return work
            if work:
                declined.append(work["id"])
            else:
                declined = []
                time.sleep(0.1)
        raise Failed(f"{self.name} was not offered the list of {order} within {TIMEOUT} s")

    def fetch(self, work, lacking=()):
        """Accepts a list, fetches all of it but one unit of each product in `lacking`, and delivers."""
        report = self._reports(f"/robots/api/lists/{work['id']}")
        self("POST", f"/robots/api/lists/{work['id']}/accept", {})
        report("start")
        for stop in work["stops"]:
            report("arrive", storeId=stop["storeId"])
            for line in stop["lines"]:
                missing = 1 if line["productId"] in lacking else 0
                about = {"storeId": stop["storeId"], "productId": line["productId"]}
                if line["ordered"] > missing:
                    report("pick", **about, quantity=line["ordered"] - missing)
                if missing:
                    report("unavailable", **about, quantity=missing)
        report("deliver")

    def _reports(self, path):
        number = 0

        def report(what, **about):
            nonlocal number
            number += 1
            self("POST", f"{path}/{what}", {"reportNo": number, **about})

        return report

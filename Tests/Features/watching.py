"""What a page of staff shows, over a real WebSocket: what shall be seen within a second is awaited for ten."""

import itertools
import subprocess

from page import Page
from people import Caller, Unmet, eventually
from phrases import step

from making import at_once
from seeing import expect

# As long as a description may be: 8 kB, so that few changes are more than all sockets on the way hold.
LONG = "🪔" * 1_990
WRITERS = 8


def look(context, who, *views, is_slow=False, name="page"):
    """Opens a page that shows these topics, as views 1, 2, …"""
    page = Page(who, is_slow).connect()
    context.undo.append(page.disconnect)
    pages = context.world.pages
    pages[name] = page
    for number, (topic, filter) in enumerate(views, 1):
        page.open(number, topic, **filter)
    for number in page.views:
        page.completes(number)
    return page


def page_of(context, name="page"):
    page = context.world.pages[name]
    page.must_be_sound()
    return page


TOPICS = {
    "mall": ["mall"], "fleet": ["fleet", "heartbeats"], "orders": ["orders"], "lists": ["lists"], "texts": ["messages"],
    "pickup desk": ["pickup"], "sagas and at operations": ["sagas", "ops"],
    "invoices and the pickup desk": ["invoices", "pickup"]}


@step(rf'(an administrator|"[^"]*") looks at the ({"|".join(TOPICS)})')
def _(context, who, what):
    world = context.world
    person = world.administrator if who == "an administrator" else world.staff[who.strip('"')]
    person.get("/admin/api/session").must_be_done()
    look(context, person, *[(topic, {}) for topic in TOPICS[what]])


@step(r'(an administrator|another) looks at the catalogue of "([^"]*)"( on a slow page)?')
def _(context, who, store, slow):
    world = context.world
    world.administrator.get("/admin/api/session").must_be_done()
    view = ("catalog", {"store": world.stores[store]})
    look(context, world.administrator, view, is_slow=bool(slow), name="other" if who == "another" else "page")


@step(r'"([^"]*)" looks at the order "([^"]*)"')
def _(context, who, order):
    world = context.world
    look(context, world.staff[who], ("order", {"order": world.orders[order]}))


# What it shows

@step(r'the page shows "([^"]*)" as (idle|suspect|not suspect)')
def _(context, robot, how):
    key = context.world.robot_ids[robot]
    if how == "idle":
        page_of(context).shows(1, key, lambda row: row["status"] == "idle")
    else:
        eventually("it shows it", lambda: any(
            row["id"] == key and row["suspect"] == (how == "suspect") for row in page_of(context).rows(2).values()))


@step(r'the page shows "([^"]*)" as ([\w-]+), at (\d+) percent')
def _(context, order, status, percent):
    page_of(context).shows(1, context.world.orders[order], lambda row: (row["status"], row["progress"]) == (
        status, int(percent)))


@step(r'the page shows that a line of "([^"]*)" is not to be had')
def _(context, order):
    """To a manager without a remark, which may name the goods of other stores."""
    page_of(context).shows(1, context.world.orders[order], lambda row: any(
        moment["event"] == "ShoppingListItemUnavailable" and not moment.get("note") for moment in row["timeline"]))


@step(r'the page shows that (\d+) "([^"]*)" of "([^"]*)" was taken off')
def _(context, count, product, order):
    world = context.world
    page_of(context).shows(1, world.orders[order], lambda row: [
        (each["productId"], each["quantity"]) for each in row["adjustments"]] == [(world.products[product], int(count))])


@step(r'the page shows that the list of "([^"]*)" needs a clerk')
def _(context, order):
    page_of(context).shows(1, context.world.list(order)["id"], lambda row: row["needsClerk"])


@step(r'the page shows "([^"]*)"( no more)?')
def _(context, order, no_more):
    page, key = page_of(context), context.world.orders[order]
    eventually("the page shows it so", lambda: (page.row(1, key) is None) == bool(no_more))


@step(r'the page shows the text "(\w+)" about "([^"]*)" as failed, after (\d+) tries')
def _(context, kind, order, tries):
    row = context.world.texts(order, kind)[0]
    page_of(context).shows(1, row["id"], lambda row: (row["status"], row["attempts"]) == ("failed", int(tries)))


@step(r'the page shows the saga of "([^"]*)" as stuck, and the alarm of it')
def _(context, order):
    page = page_of(context)
    page.shows(1, context.world.orders[order], lambda row: row["status"] == "stuck")
    eventually("the alarm is there", lambda: any(
        row["id"] == "gauge:sagas stuck" and row["value"] >= 1 for row in page.rows(2).values()))


# What it promises

@step(r"an administrator looks at the orders and the pickup desk, both at once")
def _(context):
    world = context.world
    page = look(context, world.administrator, ("orders", {}), ("pickup", {}))
    world.torn, world.compared = [], set()

    def compare():
        orders, desk = page.views[1].rows, page.views[2].rows
        for key in set(orders) & set(desk):
            shown = orders[key]["value"]["status"], desk[key]["value"]["status"]
            world.compared.add(shown)
            if shown[0] != shown[1]:
                world.torn.append((key, *shown))
    page.on_commit = compare


@step(r"no commit showed one without the other")
def _(context):
    world = context.world
    page_of(context)
    expect(f"{world.torn}", not world.torn)
    expect(f"{world.compared}", {"approved", "in-progress", "ready"} <= {status for status, _ in world.compared})


@step(r"the projector stands still")
def _(context):
    from working import pause
    pause(context, ["projector"])


@step(r"the page does not say that it is live, and knows no new name")
def _(context):
    world, page = context.world, page_of(context)
    commits = page.commits
    eventually("it is told that it is old", lambda: page.commits > commits and page.lag > 2_000)
    expect(f"{page.position}", page.position < world.reply["position"])


@step(r"the page is live again")
def _(context):
    world, page = context.world, page_of(context)
    page.reaches(world.reply["position"])
    eventually("it is told so", lambda: page.lag < 500)


@step(r"a transaction that writes stays open in the database")
def _(context):
    world = context.world
    held = subprocess.Popen(
        ["psql", "--no-psqlrc", "-qAt", "-h", str(world.server.data.resolve() / "socket"), "-U", "postgres", "-d", "mallbots"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def end():
        held.stdin.close()
        held.wait()
        held.stdout.close()
    context.undo.append(end)
    held.stdin.write("begin;\nselect pg_current_xact_id();\n")
    held.stdin.flush()
    expect("it has no number", int(held.stdout.readline()) > 0)


# Coming back

@step(r"(\d+) stores more")
def _(context, count):
    for number in range(int(count)):
        context.world.store(f"Store {number}", participating=False)


@step(r"the page is cut off")
def _(context):
    page_of(context).disconnect()


@step(r"(\d+) of the stores are renamed, (\d+) times each")
def _(context, count, times):
    world = context.world
    stores = [name for name in world.stores if name.startswith("Store ")][:int(count)]
    context.round = getattr(context, "round", 0) + 1
    for number, name in itertools.product(range(int(times)), stores):
        world.reply = world.administrator.put(
            f"/admin/api/stores/{world.stores[name]}/rebrand",
            {"name": world.called(f"{name} as {context.round} {number}")}).must_be_done()


@step(r"the page comes back( to the second server)?")
def _(context, second):
    page = page_of(context)
    # The mall's time may have passed the end of the session.
    page.who.get("/admin/api/session").must_be_done()
    page.connect(context.second if second else None)
    page.reaches(context.world.reply["position"])


@step(r"it was sent (\d+) rows, each once")
def _(context, count):
    page = page_of(context)
    expect(f"{page.keys_received}", len(page.keys_received) == int(count) == len(set(page.keys_received)))


@step(r"it shows what the mall is")
def _(context):
    world, page = context.world, page_of(context)
    page.reaches(world.reply["position"])
    rows, more = {}, {}
    while True:
        part = world.administrator.get("/admin/api/mall", limit=100, **more).must_be_done()
        rows |= {row["storeId"]: row for row in part["stores"]}
        if not part.get("next"):
            break
        more = {"next": part["next"]}
    eventually("it shows the same", lambda: page.rows(1) == rows)


@step(r"it was never told to begin anew")
def _(context):
    expect(f"{page_of(context).resets}", page_of(context).resets == [])


@step(r"it is told to begin anew, because it is too old")
def _(context):
    page = page_of(context)
    eventually("it is told", lambda: page.resets == [(1, "too old")])
    page.completes(1)


@step(r"the server was started a day ago, and is again")
def _(context):
    world, page = context.world, page_of(context)
    world.settle()
    # At each start it is noted how far the log reached, and dropped what was noted a day ago.
    context.server.kill()
    context.server.start()
    eventually("it is noted", lambda: world.number(
        f"select count(*) from mall.horizons where position > {page.position}"))
    context.server.kill()
    world.database("update mall.horizons set at = at - interval '25 hours'")
    context.server.start()
    eventually("the horizon has passed", lambda: world.number(
        f"select count(*) from mall.horizons where purged and position > {page.position}"))
    # Pages are told by a server that has looked since.
    context.server.kill()
    context.server.start()


# Reading too slowly

@step(r"the slow page (stops reading|reads again)")
def _(context, what):
    page_of(context).stall(what == "stops reading")


@step(r'the products of "([^"]*)" are described (\d+) times, at length')
def _(context, store, count):
    world = context.world
    products = [identity for name, identity in world.products.items() if name.startswith("Thing")]
    context.before, context.changes = page_of(context).rows_received, int(count)

    def write(number):
        caller, last = Caller(world.server), None
        caller.opener = world.administrator.opener
        for turn in range(int(count) // WRITERS):
            product = products[(number + turn * WRITERS) % len(products)]
            last = caller.put(f"/admin/api/stores/products/{product}/rebrand", {
                "name": world.called(f"Thing {number} {turn}"), "description": f"{LONG} {turn}"}).must_be_done()
        return last
    replies = at_once(*[lambda number=number: write(number) for number in range(WRITERS)])
    world.reply = max(replies, key=lambda reply: reply["position"])


@step(r'(it|the other page) shows what the catalogue of "([^"]*)" is')
def _(context, which, store):
    world, page = context.world, page_of(context, "page" if which == "it" else "other")
    page.reaches(world.reply["position"])
    rows = world.rows(f"/admin/api/stores/{world.stores[store]}/products", "products", limit=100)
    wanted = {row["productId"]: (row["name"], row["description"]) for row in rows}
    eventually("it shows the same", lambda: {
        key: (row["name"], row["description"]) for key, row in page.rows(1).items()} == wanted)


@step(r"the slow page is behind")
def _(context):
    page = page_of(context)
    expect(f"it is at {page.position}", page.closed is None and page.position < context.world.reply["position"])


@step(r"it was sent fewer than half of the changes")
def _(context):
    received = page_of(context).rows_received - context.before
    expect(f"{received} rows", received < context.changes / 2)


# Rights

@step(r"the page holds no invoice any more, and is told why")
def _(context):
    page = page_of(context)
    eventually("it is told", lambda: page.resets == [(1, "withdrawn")])
    expect(f"{page.rows(1)}", page.rows(1) == {})


@step(r"the page goes on showing the pickup desk")
def _(context):
    world, page = context.world, page_of(context)
    reply = world.administrator.post(
        f"/admin/api/orders/{world.orders['first']}/cancel", {"reason": "the customer called"}).must_be_done()
    page.reaches(reply["position"])
    expect(f"{page.closed} {page.rows(1)}", page.closed is None and page.rows(1) == {})
    eventually("the order is gone from the desk", lambda: page.row(2, world.orders["first"]) is None)


@step(r'the session of "([^"]*)" is over')
def _(context, name):
    world = context.world
    world.let_pass(8 * 3_600 + 1)


@step(r'"([^"]*)" is nobody, and so is a page')
def _(context, name):
    person = context.world.staff[name]
    reply = person.once("GET", "/admin/api/invoices")
    expect(f"{reply}", (reply.status, reply.code) == (401, "unauthenticated"))
    try:
        Page(person).connect()
    except Unmet as unmet:
        expect(f"{unmet}", " 401 " in str(unmet))
    else:
        raise Unmet("the page was let in")

"""Real TAXII clients against a running node.

    run.py URL TOKEN COLLECTION

URL is the address of the server without `/taxii2/`, TOKEN one that reads and writes COLLECTION (its title, alias or
id), which it fills, crawls, filters and empties again. Ends with 0 when every check held, with 1 when one did not, and
says which.
"""

import datetime
import json
import sys
import uuid

import requests
import stix2
import stix2validator
from requests.auth import AuthBase
from taxii2client.exceptions import AccessError
from taxii2client.v21 import ApiRoot, Collection, Server, as_pages

COUNT = 25
checks = 0


def check(what, held, *seen):
    """Counts a check; ends the run when it did not hold."""
    global checks
    checks += 1
    if not held:
        print(f"FAILED: {what}", *seen, file=sys.stderr)
        sys.exit(1)


class Header(AuthBase):
    """Shows the token in a header, as clients that know no Basic do."""

    def __init__(self, name, value):
        self.name, self.value = name, value

    def __call__(self, request):
        request.headers[self.name] = self.value
        return request


def find(url, token, name):
    """From discovery to the collection, as a client goes that knows nothing but the address."""
    server = Server(f"{url}/taxii2/", user="anybody", password=token)
    check("discovery has a title", bool(server.title))
    check("the default root is one of the roots", server.default.url in [root.url for root in server.api_roots])
    root = server.default
    check("a root's address ends in its name", root.url.rstrip("/").split("/")[-1] != "" and root.url.endswith("/"))
    check("the root speaks 2.1", "application/taxii+json;version=2.1" in root.versions, root.versions)
    check("the root says how much it takes", root.max_content_length > 0)
    titles = [collection.title for collection in root.collections]
    check("titles are unique", len(titles) == len(set(titles)), titles)
    found = [one for one in root.collections if name in (one.id, one.title, one.alias)]
    check("the collection is there", len(found) == 1, titles)
    check("it is read and written", found[0].can_read and found[0].can_write)
    return root, found[0]


def every_credential(root, collection, token):
    """The forms of credential that clients have."""
    for auth in (
        Header("Authorization", f"Bearer {token}"),
        Header("Authorization", f"Token {token}"),
        Header("Authorization", token),
        Header("X-API-Key", token),
    ):
        titles = [one.id for one in ApiRoot(root.url, auth=auth).collections]
        check("a form of credential is taken", collection.id in titles, auth.name)
    for user, password in (("", token), ("anybody", "")):
        answer = requests.get(f"{root.url}collections/", auth=(user, password), timeout=30)
        expected = 200 if password else 401
        check("an empty name is taken, an empty password is not", answer.status_code == expected, user, answer)
    wrong = requests.get(root.url, headers={"Accept": "application/vnd.oasis.taxii+json; version=2.0"},
                         auth=("x", token), timeout=30)
    check("a client of TAXII 2.0 is told 406", wrong.status_code == 406, wrong)
    check("with an error message", wrong.json()["http_status"] == "406")


def indicators(marker):
    """Objects of one run, told from others by their name."""
    made = []
    for number in range(COUNT):
        made.append(stix2.Indicator(
            name=f"{marker} {number}",
            pattern=f"[ipv4-addr:value = '198.51.100.{number}']",
            pattern_type="stix",
            indicator_types=["malicious-activity"],
            valid_from=datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc),
            object_marking_refs=[stix2.TLP_GREEN.id],
        ))
    return made


def write(collection, marker):
    """taxii2-client adds an envelope, and the same again; stix2's sink adds bundles, object by object."""
    made = indicators(marker)
    envelope = {"objects": [json.loads(one.serialize()) for one in made[:-5]]}
    for _ in range(2):
        status = collection.add_objects(envelope, wait_for_completion=True, timeout=30)
        check("all are taken, the second time too", status.status == "complete", status._raw)
        check("and counted", status.success_count == COUNT - 5 and status.failure_count == 0, status._raw)
    malware = stix2.Malware(name=marker, is_family=False)
    relationship = stix2.Relationship(made[0], "indicates", malware)
    address = stix2.IPv4Address(value="198.51.100.200")
    sink = stix2.TAXIICollectionSink(collection)
    sink.add(made[-5:])
    sink.add([malware, relationship, address])
    sink.add(stix2.Bundle(made[0], malware))
    broken = {"type": "indicator", "id": f"indicator--{uuid.uuid4()}", "spec_version": "2.1"}
    status = collection.add_objects({"objects": [broken, json.loads(made[0].serialize())]})
    check("one bad object does not hold the others up", status.failure_count == 1 and status.success_count == 1)
    check("and is named with its reason", status.failures[0]["message"], status._raw)
    return made, [malware, relationship, address]


def crawl(collection, made, others):
    """Pages to the end, by every habit, and the same set each time."""
    ours = {one.id for one in made + others}
    whole = collection.get_objects()["objects"]
    mine = [one["id"] for one in whole if one["id"] in ours]
    check("everything is there once", sorted(mine) == sorted(ours), len(mine), len(ours))
    for size in (1, 7, 1000):
        pages = list(as_pages(collection.get_objects, per_request=size))
        check("no page is longer than asked", all(len(page["objects"]) <= size for page in pages))
        check("more on every page but the last", [page.get("more", False) for page in pages]
              == [True] * (len(pages) - 1) + [False])
        check("paged in the same order", [one["id"] for page in pages for one in page["objects"]]
              == [one["id"] for one in whole], size)
    manifest = [one for page in as_pages(collection.get_manifest, per_request=10) for one in page["objects"]]
    check("the manifest lists the same", [one["id"] for one in manifest] == [one["id"] for one in whole])
    added = [one["date_added"] for one in manifest]
    check("in order of unique times", added == sorted(set(added)))
    by_time = collection.get_objects(added_after=added[9])["objects"]
    check("added_after is strict", [one["id"] for one in by_time] == [one["id"] for one in whole[10:]])
    return whole


def filters(collection, made, others, marker):
    """taxii2-client's filters, and stix2's source, which leaves some of its own to the server."""
    malware, relationship, address = others
    types = {one["type"] for one in collection.get_objects(type=["malware", "relationship"])["objects"]}
    check("types are ORed", types == {"malware", "relationship"}, types)
    some = [made[0].id, made[1].id]
    got = collection.get_objects(id=some)["objects"]
    check("ids are ORed", sorted(one["id"] for one in got) == sorted(some))
    check("an unknown type is no error", "objects" not in collection.get_objects(type="x-unheard-of"))
    source = stix2.TAXIICollectionSource(collection)
    check("the source gets an object", source.get(made[3].id).name == made[3].name)
    check("and an observable", source.get(address.id).value == address.value)
    check("and none that is not there", source.get(f"indicator--{uuid.uuid4()}") is None)
    found = source.query([stix2.Filter("type", "=", "indicator"), stix2.Filter("name", "contains", marker)])
    check("the source finds all", {one.id for one in found} == {one.id for one in made}, len(found))
    found = source.query([stix2.Filter("id", "=", relationship.id)])
    check("the source follows relationships", [one.target_ref for one in found] == [malware.id])


def versions(collection, made):
    """A new version, all of them, and one of them withdrawn."""
    first = made[0]
    second = first.new_version(name=f"{first.name}, again")
    status = collection.add_objects({"objects": [json.loads(second.serialize())]})
    check("a new version is taken", status.success_count == 1, status._raw)
    texts = collection.object_versions(first.id)["versions"]
    wanted = [json.loads(one.serialize())["modified"] for one in (first, second)]
    check("both versions are listed, as they were written", texts == wanted, texts, wanted)
    last = collection.get_object(first.id)["objects"]
    check("the last is the one that is served", [one["modified"] for one in last] == wanted[1:])
    every = stix2.TAXIICollectionSource(collection).all_versions(first.id)
    check("the source has all versions", len(every) == 2)
    one = collection.get_object(first.id, version=wanted[0])["objects"]
    check("one version is got by its time", [each["modified"] for each in one] == wanted[:1])
    collection.delete_object(first.id, version=wanted[1])
    check("the other version is the last now", collection.object_versions(first.id)["versions"] == wanted[:1])


def by_hand(collection, token):
    """What no library sends, and what a poll by the header alone is told."""
    objects = f"{collection.url}objects/"
    media = {"Accept": "application/taxii+json;version=2.1", "Content-Type": "application/taxii+json;version=2.1"}
    for content in ("{}", "null", "[]", '{"objects":[]}', '{"objects":null}', "no JSON"):
        answer = requests.post(objects, data=content, headers=media, auth=("x", token), timeout=30)
        check("content of another shape is 422", answer.status_code == 422, content, answer)
    answer = requests.get(objects, params={"limit": 1, "unheard-of": 1}, headers=media, auth=("x", token), timeout=30)
    check("a parameter that the standard does not know is ignored", answer.status_code == 200, answer)
    seen, after, last = [], None, None
    while last != after or not seen:
        after = last
        parameters = {"limit": 10} | ({"added_after": after} if after else {})
        answer = requests.get(objects, params=parameters, headers=media, auth=("x", token), timeout=30)
        page = [one["id"] for one in answer.json().get("objects", [])]
        last = answer.headers.get("X-TAXII-Date-Added-Last", after)
        seen += page
        check("a page with more is not empty", page or not answer.json().get("more"))
    whole = [one["id"] for one in collection.get_objects()["objects"]]
    check("a poll by the header alone gets everything once", seen == whole, len(seen), len(whole))


def validate(whole, collection):
    """What the node gives out is valid STIX 2.1."""
    bundle = {"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": whole}
    options = stix2validator.ValidationOptions(version="2.1")
    results = stix2validator.validate_instance(bundle, options)
    check("stix2-validator accepts it", results.is_valid, [str(error) for error in results.errors])
    for one in whole:
        stix2.parse(one, allow_custom=True)


def empty(collection, made, others):
    """Withdraws everything again, and it is gone."""
    for one in made + others:
        collection.delete_object(one.id)
    ours = {one.id for one in made + others}
    left = [one["id"] for one in collection.get_objects().get("objects", [])]
    check("nothing of it is left", not ours & set(left))
    for call in (collection.get_object, collection.object_versions):
        try:
            call(made[0].id)
            check("an object that was withdrawn is 404", False)
        except requests.HTTPError as error:
            check("an object that was withdrawn is 404", error.response.status_code == 404, error)


def main():
    url, token, name = sys.argv[1:4]
    root, collection = find(url.rstrip("/"), token, name)
    every_credential(root, collection, token)
    marker = f"run {uuid.uuid4()}"
    made, others = write(collection, marker)
    whole = crawl(collection, made, others)
    filters(collection, made, others, marker)
    by_hand(collection, token)
    validate(whole, collection)
    versions(collection, made)
    empty(collection, made, others)
    alone = Collection(f"{root.url}collections/{collection.id}/", user="x", password=token)
    check("a collection is used by its address alone", alone.title == collection.title)
    print(f"{checks} checks held")


if __name__ == "__main__":
    try:
        main()
    except (AccessError, requests.RequestException) as error:
        print(f"FAILED: {error}", file=sys.stderr)
        sys.exit(1)

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that samples/ is whole: files, manifests, truth and story agree. Prints the counts; exit code 1 if anything is wrong.

It reads only what lies in samples/ (not cast.py or story.py), as a user of the samples would.
"""
import collections
import csv
import datetime
import hashlib
import json
import pathlib
import sys

SAMPLES = pathlib.Path(__file__).resolve().parent.parent
COLUMNS = ["file", "platform", "listing_id", "url", "seller", "seller_url", "title", "price", "currency", "posted_at",
           "captured_at", "products", "species", "operation", "bank"]
SIZE_LIMIT = 10 * 1024 * 1024


def read_csv(path):
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def main():
    wrong = []

    def expect(condition, message):
        if not condition:
            wrong.append(message)

    manifest = read_csv(SAMPLES/"ads/manifest.csv")
    expect(list(manifest[0]) == COLUMNS, "manifest.csv: the columns are not those of the design")
    for row in manifest:
        row["products"], row["species"] = ([v for v in row[c].split(";") if v] for c in ("products", "species"))
    second = [json.loads(line) for line in (SAMPLES/"ads/manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    expect(all(list(row) == COLUMNS for row in second), "manifest.jsonl: the keys are not those of the design")
    rows = manifest + second
    photos, queries, sellers = (read_csv(SAMPLES/f"truth/{n}.csv") for n in ("photos", "queries", "sellers"))

    # files
    on_disk = {str(p.relative_to(SAMPLES)) for d in ("ads", "queries") for p in (SAMPLES/d).rglob("*") if p.is_file() and not p.name.startswith("manifest.")}
    listed = {"ads/" + row["file"] for row in rows}
    asked = {row["query"] for row in queries}
    for missing in sorted((listed | asked) - on_disk):
        wrong.append(f"missing: {missing}")
    for orphan in sorted(on_disk - listed - asked):
        wrong.append(f"in no manifest and no query: {orphan}")
    for path in sorted(on_disk):
        data = (SAMPLES/path).read_bytes()
        expect(data[:2] == b"\xff\xd8" and data[-2:] == b"\xff\xd9", f"no whole JPEG: {path}")
    sums = collections.Counter(hashlib.sha256((SAMPLES/p).read_bytes()).hexdigest() for p in on_disk)
    expect(max(sums.values(), default=1) == 1, "two files have the same bytes: they should be one file in two listings")
    size = sum(p.stat().st_size for p in SAMPLES.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    expect(size <= SIZE_LIMIT, f"samples/ has {size} bytes, more than {SIZE_LIMIT}")

    # truth
    truth = {row["file"]: row for row in photos}
    expect(len(truth) == len(photos), "truth/photos.csv: a file twice")
    expect(set(truth) == listed | asked, f"truth/photos.csv does not cover the photos: {sorted(set(truth) ^ (listed | asked))[:5]}")
    for row in photos:
        for parent in filter(None, row["derived_from"].split(";")):
            expect(parent in truth, f"{row['file']}: unknown parent {parent}")
        expect((row["edit"] == "none") == (not row["derived_from"]), f"{row['file']}: an edit needs a parent, and only an edit")
    ids = {f"{row['platform']}:{row['listing_id']}" for row in rows}
    for row in queries:
        for hit in filter(None, row["expected_listings"].split(";")):
            expect(hit in ids, f"{row['query']}: unknown listing {hit}")
        expect((row["kind"] == "none") == (not row["expected_listings"]), f"{row['query']}: kind and listings disagree")
        expect((row["kind"] == "same-photo") == bool(row["expected_photo"]), f"{row['query']}: kind and photo disagree")
    seen = {o for row in photos if row["file"] in listed for o in row["object"].split(";")}
    for row in queries:
        known = set(row["object"].split(";")) <= seen
        expect(known == (row["kind"] != "none"), f"{row['query']}: a stranger must be in no ad, all others in one")
    expect({(r["platform"], r["seller"]) for r in rows} == {(r["platform"], r["seller"]) for r in sellers}, "truth/sellers.csv does not cover the sellers")

    # listings
    listings = {}
    for row in rows:
        one = {c: row[c] for c in COLUMNS if c != "file" and c != "species"}
        before = listings.setdefault((row["platform"], row["listing_id"]), one)
        expect(before == one, f"{row['platform']}:{row['listing_id']}: its rows disagree")
    per_listing = collections.Counter((row["platform"], row["listing_id"]) for row in rows)
    expect(max(per_listing.values()) <= 4, "a listing has more than 4 photos")
    for one in listings.values():
        posted, captured = (datetime.datetime.fromisoformat(one[c].replace("Z", "+00:00")) for c in ("posted_at", "captured_at"))
        expect(posted < captured, f"{one['listing_id']}: captured before posted")
        expect(".example/" in one["url"] and ".example/" in one["seller_url"], f"{one['listing_id']}: a host that could exist")

    # the story: INTERPOL's count
    market = [one for one in listings.values() if one["platform"] == "blackacacia"]
    offered = collections.Counter(p for one in market for p in one["products"])
    expect(len(market) == 21, f"Black Acacia has {len(market)} listings, not 21")
    expect(offered == {"rhino_horn": 15, "ivory": 8, "tiger_parts": 3}, f"Black Acacia offers {dict(offered)}, not 15 / 8 / 3")
    expect(all("2016-12-01" <= one["posted_at"] < "2017-05-01" for one in market), "Black Acacia: a date outside December 2016 to April 2017")
    others = [one for one in listings.values() if not one["bank"] and one["platform"] != "blackacacia"]
    expect(all("2015" <= one["posted_at"] < "2018" for one in others), "a listing outside 2015 to 2017")
    person = {(r["platform"], r["seller"]): r["person"] for r in sellers}
    for row in rows:
        if row["bank"] == "benign":
            copies = {person[r["platform"], r["seller"]] for r in rows if "ads/" + row["file"] in truth["ads/" + r["file"]]["derived_from"].split(";")}
            expect(len(copies) >= 3, f"benign {row['file']} has {len(copies)} unrelated copiers, fewer than 3")

    per_platform = collections.Counter(one["platform"] for one in listings.values())
    print(f"{len(on_disk)} JPEGs ({len(listed)} in ads, {len(asked)} queries), {size/2**20:.2f} MiB in samples/")
    print(f"{len(rows)} rows ({len(second)} of them in manifest.jsonl), {len(listings)} listings: " + ", ".join(f"{n} {p}" for p, n in per_platform.most_common()))
    print("objects: " + ", ".join(f"{n} {f}" for f, n in sorted(collections.Counter(o[:-2] for o in seen).items())) + f"; {len(seen)} in all")
    print("edits: " + ", ".join(f"{n} {e}" for e, n in collections.Counter(r["edit"] for r in photos).most_common()))
    print("queries: " + ", ".join(f"{n} {k}" for k, n in collections.Counter(r["kind"] for r in queries).most_common()))
    print(f"{len(sellers)} handles of {len(set(person.values()))} people; Black Acacia: {len(market)} listings, {dict(offered)}")
    for message in wrong[:40]:
        print("WRONG", message, file=sys.stderr)
    print("all as it should be" if not wrong else f"{len(wrong)} things wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

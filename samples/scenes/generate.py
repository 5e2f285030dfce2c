#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes everything in samples/ads, samples/queries and samples/truth: renders, edits, manifests, ground truth.

  ./generate.py                 what is missing (a photo that exists is not made again)
  ./generate.py --only horn01   photos whose key contains the text (or one of several, separated by ';'), made again
  ./generate.py --jobs 2        so many povray processes at a time (one thread each)
  ./generate.py --tables        manifests and truth only
  ./generate.py --check         runs verify.py

Needs povray, povray-includes, imagemagick, fonts-dejavu-core (Debian 12). Python's standard library only.
Who, what, where: cast.py (objects, people, how a photo is taken), story.py (listings, queries), edits.py.
"""
import argparse
import concurrent.futures
import csv
import datetime
import hashlib
import json
import os
import pathlib
import random
import resource
import subprocess
import sys
import tempfile

import cast
import edits
import story

SCENES = pathlib.Path(__file__).resolve().parent
SAMPLES = SCENES.parent
COLUMNS = ["file", "platform", "listing_id", "url", "seller", "seller_url", "title", "price", "currency", "posted_at",
           "captured_at", "products", "species", "operation", "bank"]
SPECIES = {"horn": "Ceratotherium simum", "tusk": "Loxodonta africana", "carved": "Loxodonta africana", "netsuke": "Elephas maximus",
           "bangle": "Loxodonta africana", "beads": "Loxodonta africana", "cup": "Diceros bicornis", "seal": "Elephas maximus",
           "rug": "Panthera tigris", "pendant": "Panthera tigris", "plaque": "Physeter macrocephalus"}
ORIENTED = {"seal01/C1", "beads02/C1"}    # stored lying on their side, put upright by their EXIF orientation (6)
FILE_LIMIT = 46_000    # bytes; busy pictures are encoded harder, as platforms do
ENV = {**os.environ, "MAGICK_THREAD_LIMIT": "1", "OMP_NUM_THREADS": "1"}    # ImageMagick's seeded noise differs with threads


def digest(text):
    return hashlib.sha1(text.encode()).hexdigest()


# ---- keys, files, listings -------------------------------------------------------------------------------------------

def parse(key):
    """'a/A1,b/A1+collage:2' -> (['a/A1', 'b/A1'], 'collage'); an unedited photo has edit 'none'."""
    parents, _, edit = key.partition("+")
    return parents.split(","), edit.partition(":")[0] or "none"


def shown(key):
    """The object ids that a photo shows (an empty table shows none)."""
    return [p.split("/")[0] for p in parse(key)[0] if not p.startswith("table")]


def file_name(platform, key):
    """A name as that platform would give; it says nothing about the picture."""
    h = digest(f"name {platform} {key}")
    n = int(h, 16)
    return {cast.BA: f"{h[:16]}.jpg", cast.BZ: f"s-l640-{n % 10**10:010d}.jpg", cast.CN: f"z{n % 10**13:013d}_{h[:10]}.jpg",
            cast.PP: f"{n % 10**8:08d}_{(n >> 40) % 10**15:015d}_n.jpg", "museum.example": f"asset-{n % 10**6:06d}-web.jpg",
            "news.example": f"img-{n % 10**7:07d}-1024.jpg", "seizure.example": f"DSC_{n % 10**4:04d}.jpg"}[platform]


def plan():
    """All photos: key -> path under samples/. A key belongs to the platform that lists it first (by date)."""
    files = {}
    for listing in sorted(story.ADS + story.SECOND_BATCH, key=lambda x: x.posted):
        for key in listing.photos.split():
            files.setdefault(key, f"ads/{listing.platform}/{file_name(listing.platform, key)}")
    for number, (key, _) in enumerate(story.QUERIES, 1):
        files[key] = f"queries/q{number:02d}.jpg"
    return files


def listing_id(listing):
    h = digest(f"listing {listing.platform} {listing.seller} {listing.posted} {listing.title}")
    n = int(h, 16)
    return {cast.BA: f"BA-{n % 9000 + 1000}", cast.BZ: f"{n % 10**12:012d}", cast.CN: f"{n % 10**8:08d}", cast.PP: f"p{h[:10]}"}.get(
        listing.platform, f"{n % 10**5:05d}")


def rows(listings, files):
    """Manifest rows, one per (photo, listing)."""
    url = {cast.BA: ("http://blackacacia.onion.example/listing/{}", "http://blackacacia.onion.example/vendor/{}"),
           cast.BZ: ("https://bazaarly.example/itm/{}", "https://bazaarly.example/shop/{}"),
           cast.CN: ("https://chonhanh.example/tin/{}", "https://chonhanh.example/nguoi-ban/{}"),
           cast.PP: ("https://pikpals.example/p/{}", "https://pikpals.example/{}"),
           "museum.example": ("https://museum.example/collection/{}", "https://museum.example/"),
           "news.example": ("https://news.example/2016/{}", "https://news.example/"),
           "seizure.example": ("https://seizure.example/case/{}", "https://seizure.example/")}
    for listing in listings:
        id = listing_id(listing)
        rng = random.Random(f"times {id}")
        posted = datetime.datetime.fromisoformat(listing.posted) + datetime.timedelta(seconds=rng.randrange(86400))
        captured = posted + datetime.timedelta(days=rng.randrange(1, 20), seconds=rng.randrange(86400))
        for key in listing.photos.split():
            products = listing.products.split(";") if listing.products else []
            wild = {"rhino_horn", "ivory", "tiger_parts"} & set(products)
            species = sorted({species_of(o) for o in shown(key)}) if wild else []
            yield {"file": files[key].removeprefix("ads/"), "platform": listing.platform, "listing_id": id, "url": url[listing.platform][0].format(id),
                   "seller": listing.seller, "seller_url": url[listing.platform][1].format(listing.seller), "title": listing.title,
                   "price": listing.price, "currency": listing.currency, "posted_at": posted.isoformat() + "Z", "captured_at": captured.isoformat() + "Z",
                   "products": products, "species": species, "operation": listing.operation, "bank": listing.bank}


def species_of(object_id):
    obj = cast.OBJECTS[object_id]
    return "Diceros bicornis" if obj.mat and obj.family != "horn" else SPECIES[obj.family]


# ---- pictures --------------------------------------------------------------------------------------------------------

def encode(arguments, quality, target):
    """Runs convert; lowers the quality until the file is within FILE_LIMIT. Written aside, then renamed: a kill leaves no half file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_suffix(".part.jpg")
    while True:
        subprocess.run(["convert", *arguments, "-strip", "-sampling-factor", "4:2:0", "-quality", str(quality), f"jpg:{aside}"], check=True, env=ENV)
        if aside.stat().st_size <= FILE_LIMIT or quality <= 46:
            break
        quality -= 6
    aside.replace(target)


def render(key, target):
    shot = cast.photo(key)
    width, height = shot["size"]
    finish = shot["finish"]
    with tempfile.TemporaryDirectory() as scratch:
        raw = pathlib.Path(scratch)/"raw.png"
        command = ["povray", "main.pov", f"+W{width}", f"+H{height}", "+A0.3", "+R2", "-J", "+WT1", "-D", f"+O{raw}"]
        command += [f"Declare={name}={value}" for name, value in shot["declares"].items()]
        done = subprocess.run(command, cwd=SCENES, capture_output=True, text=True, errors="replace")
        if done.returncode:
            raise RuntimeError(f"{key}: povray failed:\n" + "\n".join(done.stderr.splitlines()[-12:]))
        encode([str(raw), "-evaluate", "multiply", str(finish["gain"]), "-channel", "R", "-evaluate", "multiply", str(finish["red"]),
                "-channel", "B", "-evaluate", "multiply", str(finish["blue"]), "+channel", "-gamma", str(finish["gamma"]),
                "-blur", f"0x{finish['blur']}", "-seed", str(finish["seed"]), "-attenuate", str(finish["noise"]), "+noise", "Gaussian",
                *(["-rotate", "270"] if key in ORIENTED else [])], finish["quality"], target)
    if key.split("/")[1][0] in "SC":    # originals from a camera; platforms strip this
        rng = random.Random(f"exif {key}")
        make, model = rng.choice([("Fotona", "PX-20"), ("Lumo", "Lumo 7 Pro"), ("Lumo", "Lumo 5")])
        taken = f"2017:{rng.randrange(1, 13):02d}:{rng.randrange(1, 29):02d} {rng.randrange(8, 20):02d}:{rng.randrange(60):02d}:{rng.randrange(60):02d}"
        target.write_bytes(edits.with_exif(target.read_bytes(), make, model, taken, 6 if key in ORIENTED else 1))


def edit(key, target, files):
    parents, name = parse(key)
    paths = [SAMPLES/files[p] if p in files else SAMPLES/f"scenes/.{p.replace('/', '-')}.jpg" for p in parents]
    for parent, path in zip(parents, paths):
        if parent not in files and not path.exists():    # the host of a pasted picture is no sample itself
            render(parent, path)
    arguments, quality = edits.EDITS[name](random.Random(f"edit {key}"), paths)
    encode(arguments, quality, target)
    for parent, path in zip(parents, paths):
        if parent not in files:
            path.unlink()


def make(files, only, jobs):
    """Renders first, since edits start from the parents' JPEGs. Returns the keys that failed."""
    todo = {k: SAMPLES/f for k, f in files.items() if (any(part in k for part in only.split(";")) if only else not (SAMPLES/f).exists())}
    order = {key: n for n, key in enumerate(todo)}
    failed = []
    for wave, work in ((False, render), (True, lambda k, t: edit(k, t, files))):
        keys = [k for k in sorted(todo, key=order.get) if (parse(k)[1] != "none") == wave]
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            pending = {pool.submit(work, k, todo[k]): k for k in keys}
            for n, future in enumerate(concurrent.futures.as_completed(pending), 1):
                key = pending[future]
                try:
                    future.result()
                    print(f"{'edits' if wave else 'renders'} {n}/{len(keys)}  {key}", flush=True)
                except Exception as error:    # one bad photo must not cost an hour's others
                    failed.append(key)
                    print(f"FAILED {key}: {error}", file=sys.stderr, flush=True)
    return failed


# ---- tables ----------------------------------------------------------------------------------------------------------

def write_csv(path, header, lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(lines)


def write_tables(files):
    """Listings and queries of which a photo is missing (still to be rendered, or failed) are left out; --check tells."""
    there = {k: f for k, f in files.items() if (SAMPLES/f).exists()}
    whole = lambda listings: [l for l in listings if all(k in there for k in l.photos.split())]
    ads, second_batch = whole(story.ADS), whole(story.SECOND_BATCH)
    in_ads = {k for l in ads + second_batch for k in l.photos.split()}
    asked = [(k, kind) for k, kind in story.QUERIES if k in there]
    if len(ads + second_batch) < len(story.ADS + story.SECOND_BATCH):
        print(f"only {len(ads + second_batch)} of {len(story.ADS + story.SECOND_BATCH)} listings are complete", file=sys.stderr)
    joined = lambda row: [";".join(v) if isinstance(v, list) else v for v in row.values()]
    first, second = list(rows(ads, files)), list(rows(second_batch, files))
    write_csv(SAMPLES/"ads/manifest.csv", COLUMNS, map(joined, first))
    with (SAMPLES/"ads/manifest.jsonl").open("w", encoding="utf-8") as out:
        for row in second:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")

    photos = []
    for key, path in files.items():
        if key not in in_ads and key not in dict(asked):
            continue
        parents, name = parse(key)
        truth = [cast.photo(p)["truth"] for p in parents if not p.startswith("table")]
        one = len(truth) == 1
        photos.append([path, ";".join(t["object"] for t in truth), ";".join(dict.fromkeys(t["family"] for t in truth)), ";".join(t["session"] for t in truth),
                       ";".join(t["ground"] for t in truth), truth[0]["azimuth_deg"] if one else "", truth[0]["elevation_deg"] if one else "", name,
                       ";".join(files[p] for p in parents if p in files) if name != "none" else ""])
    write_csv(SAMPLES/"truth/photos.csv", ["file", "object", "family", "session", "ground", "azimuth_deg", "elevation_deg", "edit", "derived_from"], sorted(photos))

    listed = [(listing, key) for listing in ads + second_batch for key in listing.photos.split()]
    queries = []
    for key, kind in asked:
        parents, objects = set(parse(key)[0]) & files.keys(), shown(key)
        if kind == "same-photo":      # listings with a parent or another copy of it
            hits = [l for l, k in listed if parents & set(parse(k)[0])]
        elif kind == "same-object":   # listings with any photo of the object
            hits = [l for l, k in listed if set(objects) & set(shown(k))]
        else:
            hits = []
        queries.append([files[key], kind, ";".join(files[p] for p in parse(key)[0] if p in files) if kind == "same-photo" else "", ";".join(objects),
                        ";".join(dict.fromkeys(f"{l.platform}:{listing_id(l)}" for l in hits))])
    write_csv(SAMPLES/"truth/queries.csv", ["query", "kind", "expected_photo", "object", "expected_listings"], queries)
    sellers = {(l.platform, l.seller) for l in ads + second_batch}
    write_csv(SAMPLES/"truth/sellers.csv", ["platform", "seller", "person"], sorted((p, s, cast.SELLER_PERSON[p, s]) for p, s in sellers))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="make (again) the photos whose key contains this")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--tables", action="store_true", help="write manifests and truth only")
    parser.add_argument("--check", action="store_true", help="verify what is there, make nothing")
    options = parser.parse_args()
    if options.check:
        import verify
        return verify.main()
    files = plan()
    failed = [] if options.tables else make(files, options.only, options.jobs)
    write_tables(files)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{len(files)} photos planned, {len(failed)} failed; {used.ru_utime + used.ru_stime:.0f} s of CPU in povray and convert")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

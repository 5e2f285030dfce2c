# SPDX-License-Identifier: Apache-2.0
"""Who and what appears in the staged ads: families, objects, tables, people; and how a photo of them is taken.

A photo is named by a key, 'horn01/A2': object, session (A, B: the owner's; S: evidence room; C: queries only), view.
Everything about it (camera, light, how the object is turned, exposure) follows from the key through a seeded random
stream, so that adding an object or a listing changes no other photo.
"""
import random
from dataclasses import dataclass

FAMILIES = ["horn", "tusk", "carved", "netsuke", "bangle", "beads", "cup", "seal", "rug", "pendant", "plaque", "table"]

# The order of MakeGround in grounds.inc. A table id is name-copy: 'oak_dark-2' is another table of the same make.
GROUNDS = ["oak_dark", "pine", "barn_grey", "velvet_red", "cloth_check", "batik", "granite_counter", "marble_white",
           "marble_green", "paper_white", "paper_kraft", "carpet_red", "carpet_blue", "slate", "floor_tiles",
           "laminate_grey", "bamboo_mat", "concrete"]
LIGHTS = ["window", "tungsten", "flash", "overcast", "desk_lamp", "fluorescent"]

# Camera elevations that sellers choose for such a thing, degrees.
ELEVATION = {"horn": (18, 34), "tusk": (34, 50), "carved": (10, 24), "netsuke": (18, 36), "bangle": (32, 48),
             "beads": (42, 60), "cup": (26, 40), "seal": (16, 30), "rug": (48, 66), "pendant": (40, 58),
             "plaque": (44, 62), "table": (35, 50)}
# Which sides have something to show: objects with a face are photographed within so many degrees of it.
FRONT = {"netsuke": 40, "seal": 45, "pendant": 40, "plaque": 30, "cup": 180, "rug": 25, "tusk": 40}


@dataclass(frozen=True)
class Object:
    id: str
    family: str
    seed: int
    mat: int      # 0 ivory, 1 rhino horn
    plain: int    # 1: polished, hardly a mark
    pose: int     # horn: 0 stands, 1 lies; netsuke: 0 hare, 1 monk
    heap: int = 0


def _objects():
    horn_made = {"cup01", "cup02", "cup03", "cup04", "cup05", "cup06", "cup91", "museum01", "bangle04", "bangle05", "beads04"}
    plain = {"tusk05", "tusk06", "bangle06", "beads05", "cup06", "seal04", "netsuke06", "netsuke03"}
    lying = {"horn03", "horn06", "horn08", "horn10"}
    monks = {"netsuke04", "netsuke05", "netsuke06", "netsuke91"}
    counts = {"horn": 11, "tusk": 6, "carved": 8, "netsuke": 6, "bangle": 6, "beads": 5, "cup": 6, "seal": 4, "rug": 5,
              "pendant": 4, "plaque": 4}
    strangers = {"horn", "carved", "netsuke", "bangle", "cup", "rug"}    # number 91: in no ad, in queries only
    out = {}
    for family, count in counts.items():
        for n in [*range(1, count + 1), *([91] if family in strangers else [])]:
            id = f"{family}{n:02d}"
            pose = int(id in lying or id in monks)
            out[id] = Object(id, family, random.Random(f"seed {id}").randrange(10**6), int(id in horn_made or family == "horn"), int(id in plain), pose)
    out["museum01"] = Object("museum01", "cup", 71, 1, 0, 0)
    out["news01"] = Object("news01", "tusk", 72, 0, 0, 0, heap=4)
    out["table01"] = Object("table01", "table", 1, 0, 0, 0)    # nothing on it: the host of a pasted picture
    return out


OBJECTS = _objects()


@dataclass(frozen=True)
class Person:
    handles: dict      # platform -> tuple of handles
    tables: tuple      # of session A and B
    objects: tuple


BA, BZ, CN, PP = "blackacacia", "bazaarly", "chonhanh", "pikpals"

# One line per hand behind the handles. Tables are never shared between people, except plain white paper.
PEOPLE = {
    "p01": Person({BA: ("mopane_king",), BZ: ("savanna-curios",), PP: ("savanna.curios.za", "kruger_dreams")}, ("oak_dark-1", "pine-1"), ("horn01", "horn02", "horn03", "cup01", "tusk03")),
    "p02": Person({BA: ("dr_keratin",), CN: ("ngoc_sung_hn",), PP: ("sungte.hanoi",)}, ("velvet_red-1", "batik-1"), ("horn04", "horn05", "cup02", "bangle04")),
    "p03": Person({BA: ("white_gold_hk",), BZ: ("jadegarden88",)}, ("marble_white-1", "bamboo_mat-2"), ("carved01", "carved02", "netsuke01", "tusk01")),
    "p04": Person({BA: ("stripes4u",), PP: ("ho.cot.real",)}, ("carpet_red-1", "floor_tiles-1"), ("rug01", "rug02", "pendant01", "pendant02", "horn11")),
    "p05": Person({BA: ("old_ndovu",), BZ: ("brocante_du_quai",)}, ("barn_grey-1", "barn_grey-1"), ("horn06", "tusk02", "carved03", "plaque01", "bangle02")),
    "p06": Person({CN: ("thanh_my_nghe",), PP: ("mynghe.thanh",)}, ("cloth_check-1", "bamboo_mat-1"), ("carved04", "carved05", "bangle01", "beads01")),
    "p07": Person({BA: ("baobab_supply",), CN: ("baobab_vn",)}, ("slate-1", "slate-1"), ("horn07", "horn08", "cup03", "beads04", "bangle05")),
    "p08": Person({BA: ("pangaea",)}, ("granite_counter-1", "concrete-2"), ("horn09", "netsuke04", "rug03")),
    "p09": Person({BA: ("kifaru_x",)}, ("laminate_grey-1", "pine-2"), ("horn10", "cup04")),
    "p10": Person({BA: ("silk_road_relics",), BZ: ("relics_of_silk",)}, ("paper_kraft-1", "marble_green-1"), ("netsuke02", "netsuke05", "seal01", "cup05")),
    "p11": Person({BZ: ("attic_finds_leeds",)}, ("pine-3", "laminate_grey-2"), ("plaque02", "tusk04")),
    "p12": Person({BZ: ("la_maison_du_scrimshaw",)}, ("oak_dark-2", "paper_kraft-3"), ("plaque03", "plaque04")),
    "p13": Person({CN: ("co_ba_do_co",)}, ("laminate_grey-3", "paper_kraft-2"), ("beads02", "cup06")),
    "p14": Person({CN: ("黄牙店",)}, ("marble_green-2", "velvet_red-3"), ("carved06", "seal03", "netsuke03")),
    "p15": Person({PP: ("nana.vintage",)}, ("marble_white-2", "oak_dark-3"), ("beads03", "bangle03", "beads05")),
    "p16": Person({PP: ("tiger_temple_souvenirs",)}, ("carpet_blue-1", "granite_counter-2"), ("rug04", "rug05", "pendant03", "pendant04")),
    "p17": Person({BZ: ("estate-lots-uk",)}, ("paper_white-1", "barn_grey-2"), ("tusk05", "tusk06")),
    "p18": Person({CN: ("phong_thuy_sg",)}, ("granite_counter-3", "concrete-3"), ("seal02",)),
    "p19": Person({PP: ("horn.healing",)}, ("pine-4", "pine-4"), ()),
    "p20": Person({BZ: ("bonecarver_jim",)}, ("pine-5", "slate-2"), ("carved07", "carved08", "bangle06", "netsuke06", "seal04")),
    "museum": Person({"museum.example": ("National Museum of Craft",)}, ("marble_green-4", "marble_green-4"), ("museum01",)),
    "news": Person({"news.example": ("Harbour Daily",)}, ("concrete-4", "concrete-4"), ("news01",)),
    "customs": Person({"seizure.example": ("Port Customs Unit",)}, ("concrete-1", "concrete-1"), ()),
}

OWNER = {o: p for p, person in PEOPLE.items() for o in person.objects}
SELLER_PERSON = {(platform, h): p for p, person in PEOPLE.items() for platform, hs in person.handles.items() for h in hs}

# Tables of the queries' sessions C: no seller's.
QUERY_TABLES = ["oak_dark-8", "pine-8", "granite_counter-8", "marble_white-8", "slate-8", "concrete-8", "paper_kraft-8",
                "laminate_grey-8", "cloth_check-8", "floor_tiles-8"]


def table_of(obj, session, rng):
    """The ground of a session. Draws from rng only for the queries' sessions."""
    if session == "S":
        return "concrete-1"
    if session == "C" or obj.id not in OWNER:
        return rng.choice(QUERY_TABLES)
    if obj.plain and session == "A":
        return "paper_white-1"    # the hard case: polished, on white
    return PEOPLE[OWNER[obj.id]].tables[session != "A"]


def photo(key):
    """Everything about the photo 'object/SessionView': the Declares for main.pov, the size, the truth and the finish."""
    object_id, shot = key.split("/")
    obj, session, view = OBJECTS[object_id], shot[0], int(shot[1:])
    own = random.Random(f"object {object_id}")
    ses = random.Random(f"session {object_id}/{session}")
    rng = random.Random(f"view {key}")

    facing = 45 if obj.family == "horn" and obj.pose else FRONT.get(obj.family, 180)    # a lying horn from the side
    front = own.uniform(-1, 1)*facing
    low, high = ELEVATION[obj.family]
    ground = table_of(obj, session, ses)
    name, copy = ground.rsplit("-", 1)
    light = ses.choice([3, 3, 0]) if session == "S" else ses.randrange(6)
    fov = ses.choice([26, 32, 38, 46])
    if obj.id.startswith("museum"):
        light, fov = 3, 26
    wide = obj.family in ("tusk", "rug", "beads", "plaque")
    tall = obj.family == "carved" or (obj.family in ("horn", "seal") and not obj.pose and ses.random() < 0.5)
    size = (480, 640) if tall else (640, 480) if wide or ses.random() < 0.8 else (560, 560)
    elevation = ses.uniform(low, high)
    base_az = ses.uniform(-22, 22)
    # The object's own azimuth is what a matcher feels. Session A sees it from `front`, others within 20 degrees of that.
    turned = front + (0 if session == "A" else ses.uniform(-20, 20))
    steps = [0, ses.uniform(12, 20), -ses.uniform(13, 22), ses.uniform(24, 33), -ses.uniform(28, 36)]
    az = base_az + steps[view - 1]
    yaw = turned - base_az    # main.pov: azimuth on the object = camera azimuth + yaw
    prop = 5 if session == "S" else ses.choice([0, 0, 0, 1, 1, 2, 3, 4]) if session in "AB" else ses.choice([0, 0, 1])
    if obj.heap or obj.plain or obj.id in ("museum01", "table01"):
        prop = 0
    if session != "A" and prop == 0 and obj.plain == 0 and ses.random() < 0.2:
        prop = 3
    elevation = min(75, max(8, elevation + (0 if view == 1 else rng.uniform(-5, 5))))
    declares = {
        "Family": FAMILIES.index(obj.family), "ObjSeed": obj.seed, "Mat": obj.mat, "Plain": obj.plain, "Pose": obj.pose,
        "Heap": obj.heap, "Yaw": round(yaw, 2), "Ground": GROUNDS.index(name), "GroundCopy": int(copy),
        "GroundX": round(ses.uniform(-0.7, 0.7), 2), "GroundZ": round(ses.uniform(-0.7, 0.7), 2),
        "GroundTurn": round(ses.uniform(-14, 14), 1), "Light": light, "Az": round(az, 2), "El": round(elevation, 2),
        "Fov": fov, "Fill": round(rng.uniform(0.70, 0.84)*(1.24 if tall else 1), 3), "Roll": round(rng.gauss(0, 2.2), 2),
        "LookX": round(rng.uniform(-0.12, 0.12), 3), "LookY": round(rng.uniform(-0.08, 0.08), 3),
        "Prop": prop, "PropTurn": round(ses.uniform(-60, 60), 1), "PropSide": ses.choice([-1, 1]),
    }
    finish = {    # what the phone and the upload do
        "gain": round(ses.uniform(0.93, 1.08)*rng.uniform(0.97, 1.03), 3), "red": round(ses.uniform(0.94, 1.05), 3),
        "blue": round(ses.uniform(0.93, 1.06), 3), "gamma": round(ses.uniform(0.92, 1.10), 3),
        "blur": round(rng.choice([0.3, 0.4, 0.5, 0.7]), 2), "noise": round(ses.choice([0.03, 0.05, 0.08]), 3),
        "quality": ses.choice([74, 78, 80, 82]), "seed": rng.randrange(1, 10**6),
    }
    truth = {"object": object_id, "family": obj.family, "session": f"{object_id}/{session}", "ground": ground,
             "azimuth_deg": round((az + yaw + 180) % 360 - 180, 1), "elevation_deg": round(elevation, 1)}
    return {"declares": declares, "size": size, "finish": finish, "truth": truth}

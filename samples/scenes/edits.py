# SPDX-License-Identifier: Apache-2.0
"""What sellers and platforms do to photos, as ImageMagick `convert` argument lists. All draws come from the rng given.

Every edit takes the JPEGs of its parents as a platform would have them and gives the arguments that make the new JPEG.
"""
import struct

FONT, BOLD = "DejaVu-Sans", "DejaVu-Sans-Bold"    # package fonts-dejavu-core


def jpeg_size(path):
    """Width and height from the frame header."""
    data = path.read_bytes()
    at = 2
    while True:
        marker, length = data[at + 1], struct.unpack(">H", data[at + 2:at + 4])[0]
        if 0xC0 <= marker <= 0xC2:
            height, width = struct.unpack(">HH", data[at + 5:at + 9])
            return width, height
        at += 2 + length


def with_exif(jpeg, make, model, taken, orientation):
    """The JPEG's bytes with a small EXIF block: camera, time ('YYYY:MM:DD HH:MM:SS') and orientation, as a camera's original has."""
    entries, texts, start = [], b"", 8 + 2 + 12*4 + 4    # the texts lie behind the table of 4 entries
    for tag, value in [(0x010F, make), (0x0110, model), (0x0112, orientation), (0x0132, taken)]:    # ascending, as TIFF wants
        if isinstance(value, int):
            entries.append(struct.pack("<HHIHH", tag, 3, 1, value, 0))
        else:
            entries.append(struct.pack("<HHII", tag, 2, len(value) + 1, start + len(texts)))
            texts += value.encode() + b"\0"
    tiff = b"II*\0" + struct.pack("<IH", 8, len(entries)) + b"".join(entries) + struct.pack("<I", 0) + texts
    block = b"Exif\0\0" + tiff
    # behind JFIF's own header where there is one: some readers want that first
    at = 4 + struct.unpack(">H", jpeg[4:6])[0] if jpeg[2:4] == b"\xff\xe0" else 2
    return jpeg[:at] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + jpeg[at:]


def _even(value):
    return max(2, round(value))


def crop(rng, parents):
    w, h = jpeg_size(parents[0])
    keep = rng.uniform(0.62, 0.8)
    cw, ch = _even(w*keep), _even(h*keep*rng.uniform(0.92, 1.0))
    x, y = round((w - cw)*rng.uniform(0.25, 0.75)), round((h - ch)*rng.uniform(0.25, 0.75))
    return [str(parents[0]), "-crop", f"{cw}x{ch}+{x}+{y}", "+repage", "-resize", "600x600"], 80


def watermark(rng, parents):
    w, h = jpeg_size(parents[0])
    text = rng.choice(["chonhanh.example", "DO NOT COPY", "(c) rare & fine", "tel. 555-0142", "ngà – sừng – da"])
    return [str(parents[0]), "-gravity", "center", "-font", BOLD, "-pointsize", str(round(w/13)), "-fill", "#ffffff70",
            "-stroke", "#00000030", "-annotate", f"{rng.choice([-30, -24, 24, 30])}x0+0+{round(h*0.05)}", text,
            "-gravity", "southeast", "-pointsize", str(round(w/26)), "-fill", "#ffffffc0", "-annotate", "+8+8", text], 80


def banner(rng, parents):
    w, h = jpeg_size(parents[0])
    bar = round(h*rng.uniform(0.12, 0.16))
    colour, words = rng.choice([("#c01818", "100% AUTHENTIC - DM ME"), ("#103878", "FREE SHIPPING WORLDWIDE"), ("#d8b010", "GIÁ TỐT - LIÊN HỆ NGAY")])
    y = 0 if rng.random() < 0.3 else h - bar
    return [str(parents[0]), "-fill", colour, "-draw", f"rectangle 0,{y} {w},{y + bar}", "-font", BOLD, "-pointsize", str(round(min(bar*0.42, w/19))),
            "-fill", "white", "-gravity", "north", "-annotate", f"+0+{y + round(bar*0.24)}", words,
            "-font", FONT, "-pointsize", str(round(w/22)), "-fill", "#ffe000", "-gravity", "northwest" if y else "southwest", "-annotate", "+14+14", rng.choice(["SOLD OUT SOON", "NEW!", "-30%"])], 80


def screenshot(rng, parents):
    """A phone app's page around the photo: status bar, title bar, price, text, buttons."""
    title = rng.choice(["Marketplace", "Chợ gần bạn", "My feed"])
    y0 = rng.randrange(104, 128)
    w, h = jpeg_size(parents[0])
    ph = round(480*h/w)
    below = y0 + ph
    args = ["-size", "480x854", "xc:#fbfbfb", "-fill", "#222222", "-draw", "rectangle 0,0 480,26", "-fill", rng.choice(["#1a6fd4", "#d43a1a", "#0a8a5a"]),
            "-draw", f"rectangle 0,26 480,{y0 - 6}", "-font", FONT, "-fill", "white", "-pointsize", "14", "-annotate", "+12+19", "21:47", "-annotate", "+396+19", "4G  63%",
            "-font", BOLD, "-pointsize", "24", "-annotate", f"+58+{y0 - 32}", title, "-pointsize", "30", "-annotate", f"+18+{y0 - 30}", "<",
            "(", str(parents[0]), "-resize", "480x", ")", "-geometry", f"+0+{y0}", "-composite",
            "-fill", "#111111", "-font", BOLD, "-pointsize", "25", "-annotate", f"+16+{below + 38}", rng.choice(["$ 1,250", "45.000.000 đ", "EUR 890"]),
            "-font", FONT, "-pointsize", "17", "-fill", "#444444", "-annotate", f"+16+{below + 68}", "Rare old piece, from a private collection.",
            "-annotate", f"+16+{below + 92}", "Serious buyers only. Pick-up or post.", "-fill", "#999999", "-pointsize", "14", "-annotate", f"+16+{below + 116}", "Posted 3 hours ago  -  128 views",
            "-fill", "#e8e8e8", "-draw", "roundrectangle 16,790 228,838 10,10", "-fill", "#1a6fd4", "-draw", "roundrectangle 250,790 464,838 10,10",
            "-fill", "#333333", "-font", BOLD, "-pointsize", "18", "-annotate", "+84+820", "Save", "-fill", "white", "-annotate", "+312+820", "Message"]
    return args, 80


def collage(rng, parents):
    """2x2 squares with a thin border."""
    gap, side = rng.choice([0, 4, 8]), 316
    args = ["-size", f"{2*side + 3*gap}x{2*side + 3*gap}", f"xc:{rng.choice(['white', 'black', '#d8c8a8'])}"]
    for n, parent in enumerate(parents[:4]):
        args += ["(", str(parent), "-resize", f"{side}x{side}^", "-gravity", "center", "-extent", f"{side}x{side}", ")", "-gravity", "northwest",
                 "-geometry", f"+{gap + (n % 2)*(side + gap)}+{gap + (n//2)*(side + gap)}", "-composite"]
    return args, 78


def mirror(rng, parents):
    return [str(parents[0]), "-flop", "-modulate", f"{rng.randrange(96, 105)},{rng.randrange(92, 108)}"], 78


def filtered(rng, parents):
    """An app's filter: warm or cold toning, contrast, vignette; then re-encoded."""
    tone = rng.choice([["-channel", "R", "-evaluate", "multiply", "1.10", "-channel", "B", "-evaluate", "multiply", "0.84", "+channel"],
                       ["-channel", "R", "-evaluate", "multiply", "0.92", "-channel", "B", "-evaluate", "multiply", "1.12", "+channel"],
                       ["-modulate", "102,25"]])
    return [str(parents[0]), *tone, "-sigmoidal-contrast", "4x48%", "-background", "black", "-vignette", "0x90-60-60", "-resize", "560x560"], 70


def pasted(rng, parents):
    """The first photo pasted, smaller, into the last one."""
    w, h = jpeg_size(parents[-1])
    return [str(parents[-1]), "(", str(parents[0]), "-resize", f"{round(w*rng.uniform(0.48, 0.58))}x{round(h*0.62)}", "-bordercolor", "white", "-border", "6", ")",
            "-gravity", "northwest", "-geometry", f"+{round(w*rng.uniform(0.06, 0.38))}+{round(h*rng.uniform(0.08, 0.3))}", "-composite"], 80


def recompress(rng, parents):
    return [str(parents[0]), "-resize", f"{rng.randrange(420, 500)}x{rng.randrange(420, 500)}"], rng.randrange(42, 58)


def rotate(rng, parents):
    return [str(parents[0]), "-background", "white", "-rotate", f"{rng.choice([-1, 1])*rng.uniform(7, 13):.1f}", "+repage", "-resize", "640x640"], 78


EDITS = {"crop": crop, "watermark": watermark, "banner": banner, "screenshot": screenshot, "collage": collage, "mirror": mirror,
         "filter": filtered, "paste": pasted, "recompress": recompress, "rotate": rotate}

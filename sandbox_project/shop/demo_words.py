"""The words that names and sentences of the demo data are made of."""

from __future__ import annotations

NOUNS = {
    "Ropes": ("Mooring Line", "Halyard", "Sheet", "Dock Line", "Shock Cord"),
    "Lamps": ("Anchor Light", "Cabin Lamp", "Lantern", "Navigation Light", "Head Torch"),
    "Instruments": ("Compass", "Barometer", "Depth Sounder", "Wind Vane", "Sextant"),
    "Anchors": ("Plough Anchor", "Grapnel", "Mushroom Anchor", "Anchor Chain", "Swivel"),
    "Clothing": ("Oilskin Jacket", "Wool Jumper", "Deck Shoe", "Sou'wester", "Sailing Glove"),
    "Paint": ("Antifouling", "Varnish", "Primer", "Deck Paint", "Epoxy Filler"),
    "Galley": ("Kettle", "Enamel Mug", "Stove", "Frying Pan", "Plate Set"),
    "Charts": ("Harbour Chart", "Tide Table", "Pilot Book", "Logbook", "Dividers"),
    "Safety": ("Life Jacket", "Hand Flare", "Throw Line", "Fire Blanket", "Whistle"),
    "Tools": ("Marlinspike", "Rigging Knife", "Splicing Kit", "Caulking Iron", "Sail Needle"),
    "Pumps": ("Bilge Pump", "Hand Pump", "Hose", "Strainer", "Float Switch"),
    "Deck Gear": ("Cleat", "Fender", "Boat Hook", "Block", "Shackle"),
}
KINDS = (
    "Skerry", "Gannet", "Breakwater", "Estuary", "Northern", "Lighthouse", "Tern",
    "Storm", "Harbour", "Kelp", "Fathom", "Windward", "Petrel", "Beacon", "Regatta",
)  # fmt: skip
BRANDS = (
    ("Halvorsen", "Norway"), ("Kerr & Daughter", "Scotland"), ("Penrose", "England"),
    ("Lindqvist", "Sweden"), ("Atelier Morvan", "France"), ("Van der Zee", "Netherlands"),
    ("Nordsee Werk", "Germany"), ("Baltica", "Poland"), ("Cabo Verde", "Portugal"),
    ("Reinholt", "Denmark"), ("Isla", "Spain"), ("Saltmarsh", "England"),
    ("Fjordline", "Norway"), ("Mac Suibhne", "Ireland"), ("Aalto Marine", "Finland"),
    ("Tre Kroner", "Sweden"),
)  # fmt: skip
PRAISE = (
    "Made for long passages and short tempers.",
    "Holds in weather that keeps others in port.",
    "Repairs with a needle, a file and an evening.",
    "The finish lasts about as long as the boat.",
    "Light enough for a dinghy, stout enough for a cutter.",
    "Tested for a winter on the pier behind the shop.",
    "Our own crew has used nothing else for years.",
    "Packed in paper, not in plastic.",
)
FIRST_NAMES = (
    "Ada", "Bram", "Celia", "Duncan", "Edith", "Finn", "Greta", "Hugo", "Ines", "Jonas",
    "Kari", "Lena", "Magnus", "Nora", "Oskar", "Petra", "Quentin", "Runa", "Stig", "Tove",
)  # fmt: skip
LAST_NAMES = (
    "Abbot", "Berg", "Carver", "Dahl", "Eriksen", "Frost", "Grant", "Holm", "Iversen", "Jansen",
    "Keane", "Lund", "Moe", "Nyman", "Oddy", "Pike", "Quist", "Roe", "Strand", "Thorne",
)  # fmt: skip
CITIES = ("Oban", "Bergen", "Falmouth", "Brest", "Galway", "Kiel", "Gdynia", "Visby", "Porto")
OPINIONS = {
    5: ("Would buy it twice.", "Exactly right.", "Outlived two boats already."),
    4: ("Good, though the screw is soft.", "Does its work.", "A little heavy, else perfect."),
    3: ("It is what it is.", "Fine for the pond.", "Came late but dry."),
    2: ("Rust after one season.", "The picture promised more."),
    1: ("Went overboard on day one.", "Leaks where it should not."),
}

"""Names, streets and places for made-up shoppers. Nobody in particular; e-mail addresses end in reserved domains."""
# ruff: noqa: SIM905  # Lists of words are easier to read as words.

GERMAN_FIRST = (
    "Anna Lena Lea Emma Mia Hannah Marie Sophie Clara Johanna Katharina Julia Laura Sarah Lisa Nele Frieda Greta Ida "
    "Paula Charlotte Mathilda Theresa Ronja Antonia Birgit Sabine Petra Monika Ursula Heike Silke Anke Ayşe Elif "
    "Jonas Lukas Leon Finn Paul Felix Max Moritz Jakob Anton Emil Oskar Henri Theo Ben Noah Elias David Tim Jan "
    "Florian Sebastian Matthias Andreas Stefan Michael Thomas Jürgen Uwe Holger Dirk Rainer Klaus Mehmet Emre Björn"
).split()
GERMAN_LAST = (
    "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein "
    "Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner Krause Meier "
    "Lehmann Köhler Maier Huber Kaiser Fuchs Peters Lang Scholz Möller Weiß Jung Hahn Vogel Friedrich Keller "
    "Günther Frank Berger Winkler Roth Beck Lorenz Baumann Albrecht Schuster Ludwig Böhm Simon Kraus Vogt Stein "
    "Jäger Otto Sommer Groß Seidel Brandt Haas Graf Heinrich Schreiber Schulte Dietrich Ziegler Kuhn Kühn Pohl "
    "Engel Horn Busch Bergmann Thomas Voigt Sauer Arnold Pfeiffer Yılmaz Demir Kowalski Nowak Petersen Jansen"
).split()
ENGLISH_FIRST = (
    "Olivia Amelia Isla Ava Ivy Freya Lily Florence Mia Grace Evie Harriet Rosie Poppy Alice Charlotte Ruby Phoebe "
    "Niamh Aoife Saoirse Siobhan Fatima Aisha Priya Chloe Eleanor Beatrice Imogen Martha Zara Nadia Ingrid Sanne "
    "Noah Oliver George Arthur Muhammad Leo Harry Oscar Archie Henry Theodore Freddie Jack Charlie Alfie Edward "
    "Conor Declan Ciaran Liam Rhys Owen Callum Angus Hamish Rohan Arjun Omar Daniel Samuel Joseph Lars Daan Bram"
).split()
ENGLISH_LAST = (
    "Smith Jones Williams Taylor Brown Davies Evans Wilson Thomas Johnson Roberts Robinson Thompson Wright Walker "
    "White Edwards Hughes Green Hall Lewis Harris Clarke Patel Jackson Wood Turner Martin Cooper Hill Ward Morris "
    "Moore Clark Lee King Baker Harrison Morgan Allen James Scott Phillips Watson Davis Parker Price Bennett Young "
    "Griffiths Mitchell Kelly Cook Carter Richardson Bailey Collins Bell Shaw Murphy Miller Cox Khan Singh Begum "
    "O'Brien Byrne Ryan Walsh McCarthy Doyle Gallagher Campbell Stewart Fraser MacDonald Visser Bakker Lindqvist"
).split()

GERMAN_STREETS = (
    "Hauptstraße", "Gartenweg", "Bahnhofstraße", "Lindenallee", "Schillerstraße", "Goethestraße", "Kirchgasse",
    "Am Mühlbach", "Bergstraße", "Ringstraße", "Kastanienweg", "Rosenweg", "Friedrichstraße", "Deichstraße",
    "Marktplatz", "Feldstraße", "Birkenweg", "Uferpromenade", "Wiesengrund", "Hafenstraße", "Torstraße",
)  # fmt: skip
ENGLISH_STREETS = (
    "High Street", "Station Road", "Church Lane", "Victoria Road", "Mill Lane", "Park Avenue", "Queen Street",
    "Orchard Close", "Kings Road", "Harbour View", "Meadow Way", "Albert Terrace", "Chapel Street", "Elm Grove",
)  # fmt: skip

# (city, postcode, country, weight)
GERMAN_PLACES = (
    ("Berlin", "10115", "DE", 12), ("Berlin", "12049", "DE", 8), ("Hamburg", "20457", "DE", 10),
    ("Hamburg", "22765", "DE", 5), ("München", "80331", "DE", 9), ("München", "81667", "DE", 4),
    ("Köln", "50667", "DE", 8), ("Frankfurt am Main", "60311", "DE", 6), ("Stuttgart", "70173", "DE", 5),
    ("Düsseldorf", "40213", "DE", 5), ("Leipzig", "04109", "DE", 5), ("Dortmund", "44135", "DE", 4),
    ("Essen", "45127", "DE", 4), ("Bremen", "28195", "DE", 4), ("Dresden", "01067", "DE", 4),
    ("Hannover", "30159", "DE", 4), ("Nürnberg", "90402", "DE", 4), ("Freiburg", "79098", "DE", 3),
    ("Münster", "48143", "DE", 3), ("Kiel", "24103", "DE", 3), ("Rostock", "18055", "DE", 2),
    ("Lübeck", "23552", "DE", 2), ("Göttingen", "37073", "DE", 2), ("Heidelberg", "69117", "DE", 2),
    ("Regensburg", "93047", "DE", 2), ("Flensburg", "24937", "DE", 1), ("Konstanz", "78462", "DE", 1),
    ("Wien", "1010", "AT", 5), ("Graz", "8010", "AT", 2), ("Salzburg", "5020", "AT", 2),
    ("Innsbruck", "6020", "AT", 1), ("Linz", "4020", "AT", 1), ("Zürich", "8001", "CH", 2), ("Bern", "3011", "CH", 1),
)  # fmt: skip
ENGLISH_PLACES = (
    ("London", "EC1A 1BB", "GB", 8), ("London", "SE15 4QN", "GB", 4), ("Manchester", "M1 1AE", "GB", 3),
    ("Bristol", "BS1 4DJ", "GB", 3), ("Edinburgh", "EH1 1YZ", "GB", 3), ("Leeds", "LS1 4AP", "GB", 2),
    ("Glasgow", "G1 1XQ", "GB", 2), ("Brighton", "BN1 1AE", "GB", 1), ("Dublin", "D02 AF30", "IE", 4),
    ("Cork", "T12 W8KP", "IE", 1), ("Amsterdam", "1012 AB", "NL", 3), ("Utrecht", "3511 AA", "NL", 1),
    ("Copenhagen", "1050", "DK", 2), ("Stockholm", "111 20", "SE", 2), ("Malmö", "211 20", "SE", 1),
    ("Lyon", "69001", "FR", 1), ("Barcelona", "08001", "ES", 1),
)  # fmt: skip

MAIL_DOMAINS = ("mail.example", "post.example", "inbox.example", "brief.example")

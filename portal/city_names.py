"""What well-known cities are called in German, where the map's data (GeoNames) has their English names."""

# By country, for there are several Genevas.
_GERMAN: dict[str, dict[str, str]] = {
    "AT": {"Vienna": "Wien"},
    "BE": {
        "Antwerp": "Antwerpen", "Brussels": "Brüssel", "Bruges": "Brügge", "Brugge": "Brügge",
        "Ghent": "Gent", "Liège": "Lüttich",
    },
    "CH": {"Geneva": "Genf", "Genève": "Genf", "Zurich": "Zürich", "Lucerne": "Luzern"},
    "CN": {"Beijing": "Peking"},
    "CZ": {"Prague": "Prag", "Brno": "Brünn", "Plzeň": "Pilsen"},
    "DE": {"Munich": "München", "Cologne": "Köln", "Nuremberg": "Nürnberg", "Hanover": "Hannover"},
    "DK": {"Copenhagen": "Kopenhagen"},
    "EG": {"Cairo": "Kairo"},
    "ES": {"Seville": "Sevilla", "Zaragoza": "Saragossa"},
    "FR": {"Nice": "Nizza", "Strasbourg": "Straßburg", "Mulhouse": "Mülhausen"},
    "GR": {"Athens": "Athen", "Thessaloníki": "Thessaloniki"},
    "IT": {
        "Milan": "Mailand", "Milano": "Mailand", "Rome": "Rom", "Naples": "Neapel", "Napoli": "Neapel",
        "Torino": "Turin", "Venice": "Venedig", "Venezia": "Venedig", "Florence": "Florenz",
        "Genoa": "Genua", "Genova": "Genua", "Padova": "Padua", "Bolzano": "Bozen", "Trento": "Trient",
    },
    "LU": {"Luxembourg": "Luxemburg"},
    "MX": {"Mexico City": "Mexiko-Stadt"},
    "NL": {"The Hague": "Den Haag", "Nijmegen": "Nimwegen"},
    "PL": {
        "Warsaw": "Warschau", "Kraków": "Krakau", "Krakow": "Krakau", "Wrocław": "Breslau", "Poznań": "Posen",
        "Gdańsk": "Danzig", "Szczecin": "Stettin",
    },
    "PT": {"Lisbon": "Lissabon"},
    "RO": {"Bucharest": "Bukarest"},
    "RS": {"Belgrade": "Belgrad"},
    "RU": {"Moscow": "Moskau", "Saint Petersburg": "Sankt Petersburg"},
    "SE": {"Gothenburg": "Göteborg"},
}  # fmt: skip


def city_name(name: str, country: str, language: str) -> str:
    """A city's name on a map in this language: `city_name("Milan", "IT", "de")` is "Mailand"."""
    if not language.startswith("de"):
        return name
    return _GERMAN.get(country, {}).get(name, name)

"""python3 -m parcel POSTCODE GRAMS LENGTHxWIDTHxHEIGHT [VALUE]"""

import sys

from . import Customer, Parcel, Refused, quote

postcode, grams, size, *rest = sys.argv[1:]
length, width, height = (int(side) for side in size.split("x"))
parcel = Parcel(postcode, int(grams), length, width, height, *(int(value) for value in rest[:1]))
try:
    cents = quote(parcel, Customer())
except Refused as why:
    sys.exit(f"parcel: {why}")
print(f"{cents // 100}.{cents % 100:02}")

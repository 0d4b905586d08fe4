"""Photographs of BSDS500 and Houses in which `nano` reads a word with a score of 0.6 or more: signs, and the
watermarks of estate agents.

As backgrounds they would teach the detector that words are background.
"""

BSDS500 = """
    10081 65019 78019 153093 166081 216066 216081 226043 384022
"""

HOUSES = """
    98_bedroom 162_kitchen 166_bedroom 166_kitchen 168_bathroom 168_bedroom 171_bedroom 171_frontal
    173_bathroom 203_frontal 213_bedroom 213_kitchen 223_kitchen 230_kitchen 232_frontal 234_kitchen
    235_bathroom 235_kitchen 236_bedroom 238_bedroom 239_bedroom 239_kitchen 240_kitchen 241_bathroom
    241_bedroom 245_bathroom 247_bedroom 250_bedroom 251_bathroom 251_frontal 280_frontal 282_bathroom
    283_bathroom 283_bedroom 283_frontal 286_bathroom 287_bedroom 288_bathroom 289_kitchen 293_kitchen
    295_frontal 338_bathroom 338_kitchen 350_bathroom 354_frontal 357_frontal 367_bedroom 379_kitchen
    380_bathroom 380_frontal 382_bathroom 385_frontal 386_bedroom 387_bathroom 387_frontal 388_bathroom
    388_kitchen 390_bedroom 392_frontal 399_frontal 403_bathroom 403_kitchen 406_bedroom 407_bathroom
    407_kitchen 409_bedroom 409_frontal 411_bedroom 413_bedroom 414_bathroom 414_kitchen 415_bathroom
    415_bedroom 418_bathroom 419_bedroom 419_frontal 470_bathroom 470_bedroom 475_frontal 493_kitchen
    495_kitchen 502_frontal 514_bedroom 515_bathroom 515_bedroom 518_bathroom 518_bedroom 518_frontal
    519_bathroom 519_frontal 521_bathroom 521_frontal 521_kitchen 525_kitchen 531_kitchen 533_bathroom
    533_frontal
"""

SHOWING_TEXT = frozenset(BSDS500.split() + HOUSES.split())  # names without their endings

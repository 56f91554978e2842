/**
 * What captions speak of, by kind. In the lists, `goose=geese` gives the plural, `hot* dog` an adjective before the noun (others
 * before it are nouns), and `rice~` says that it has no plural.
 */

import { withS } from './inflect.ts';

const LISTS = {
  person:
    'man=men, woman=women, boy, girl, child=children, kid, toddler, person=people, guy, lady, gentleman=gentlemen, baby, teenager, ' +
    'skier, surfer, skateboarder, snowboarder, cyclist, biker, runner, swimmer, player, baseball player, tennis player, ' +
    'soccer player, basketball player, batter, catcher, pitcher, umpire, coach, athlete, chef, cook, baker, waiter, waitress, ' +
    'bartender, police officer, policeman=policemen, officer, soldier, sailor, firefighter, doctor, nurse, bride, groom, student, ' +
    'teacher, farmer, worker, construction worker, tourist, hiker, musician, dancer, singer, guitarist, drummer, artist, painter, ' +
    'cowboy, fisherman=fishermen, rider, horse rider, pilot, driver, businessman=businessmen, mother, father, mom, dad, ' +
    'grandmother, grandfather, son, daughter, brother, sister, friend, model, actor, actress, king, queen, clown, magician, ' +
    'vendor, street vendor, shopkeeper, customer, guest, spectator, pedestrian, passenger, commuter, monk, priest, mechanic, ' +
    'carpenter, gardener, scientist, nun, jockey, goalie, referee, cheerleader, boxer, wrestler, gymnast, ballerina, adult, male, ' +
    'female, youth, individual, climber, camper, jogger, photographer, reporter, politician, president, shepherd, pirate, knight',
  folk: 'family, team, band, crowd, couple, class, group, crew, orchestra, choir',
  animal:
    'dog, cat, horse, cow, sheep=sheep, goat, elephant, giraffe, zebra, bear, polar* bear, brown* bear, lion, tiger, monkey, rabbit, ' +
    'puppy, kitten, deer=deer, fox, wolf=wolves, squirrel, turtle, pig, donkey, camel, kangaroo, panda, rhino, hippo, leopard, ' +
    'cheetah, bull, calf=calves, lamb, pony, foal, ram, moose=moose, buffalo=buffalo, ox=oxen, alligator, crocodile, lizard, ' +
    'snake, frog, mouse=mice, rat, hamster, raccoon, koala, sloth, otter, seal, sea lion, dolphin, whale, shark, gorilla, ' +
    'chimpanzee, hedgehog, antelope, gazelle, wildebeest, llama, alpaca, bison=bison, boar, lioness, cub, poodle, husky, bulldog, ' +
    'retriever, german* shepherd, labrador, beagle, dachshund, terrier, corgi, chihuahua, tabby cat, siamese* cat, baby elephant, ' +
    'baby giraffe, mountain goat, guard dog, race horse, circus elephant',
  bird:
    'bird, duck, goose=geese, swan, seagull, pigeon, parrot, owl, eagle, hawk, penguin, peacock, chicken, rooster, hen, flamingo, ' +
    'pelican, crow, raven, robin, sparrow, hummingbird, ostrich, turkey, stork, heron, crane, falcon, vulture, woodpecker, ' +
    'bluebird, cockatoo, parakeet, dove, duckling, chick, baby bird',
  insect: 'butterfly, bee, dragonfly, spider, ladybug, beetle, moth, ant, caterpillar, snail, grasshopper',
  vehicle:
    'car, truck, bus, van, taxi, cab, suv, jeep, ambulance, tractor, trailer, fire truck, fire engine, school bus, pickup truck, ' +
    'dump truck, tow truck, garbage truck, food truck, tour bus, city bus, police car, race car, sports car, limousine, minivan, ' +
    'convertible, sedan, camper, rv, hearse, carriage, wagon, bulldozer, excavator, snow plow, golf cart, motor home, semi truck, ' +
    'delivery van, station wagon, automobile, antique* car, vintage* car, tank, rickshaw, ice cream truck, forklift',
  train:
    'train, passenger train, freight train, subway train, steam engine, locomotive, tram, trolley, streetcar, train car, train engine, ' +
    'commuter train, bullet train, cable car, monorail',
  boat:
    'boat, ship, sailboat, canoe, kayak, yacht, ferry, raft, cruise ship, fishing boat, rowboat, motorboat, speedboat, barge, tugboat, ' +
    'gondola, pirate ship, lifeboat, cargo ship, aircraft carrier, submarine, houseboat, paddle boat',
  aircraft:
    'plane, airplane, jet, helicopter, fighter jet, airliner, hot* air balloon, drone, biplane, glider, passenger plane, ' +
    'passenger jet, jumbo jet, jet plane, cargo plane, military* plane, seaplane, blimp, rocket, propeller plane, commercial* jet',
  ride:
    'bike, bicycle, motorcycle, scooter, horse, skateboard, surfboard, snowboard, elephant, camel, donkey, motorbike, moped, ' +
    'dirt bike, mountain bike, unicycle, tricycle, wave, pony, jet ski, roller coaster, carousel',
  board:
    'skis=skis, skateboard, surfboard, snowboard, bike, motorcycle, horse, sled, bicycle, scooter, boogie board, skate, rollerblade',
  furniture:
    'table, chair, bench, desk, couch, sofa, bed, counter, stool, dresser, nightstand, bookcase, coffee table, dining table, ' +
    'picnic table, countertop, kitchen counter, kitchen table, park bench, office chair, rocking chair, bar stool, wooden* bench, ' +
    'cutting board, shelf=shelves, bookshelf=bookshelves, book shelf=shelves, end table, side table, dining room table, futon, armchair, loveseat, recliner, ottoman, ' +
    'hammock, dog bed, cat bed, bunk bed, crib, high* chair, lounge chair, lawn chair, folding chair, chaise, leather couch, ' +
    'work bench, mattress, wicker chair, computer desk, computer chair, table top, window sill, windowsill, ledge, mantle, ' +
    'bedside table, pool table, ping pong table, trunk, blanket, towel, rug, pillow, cushion, mat, carpet, napkin, tablecloth, seat',
  container:
    'bowl, plate, cup, mug, glass, tray, basket, box, pot, pan, jar, bottle, vase, bucket, bag, bin, cart, crate, display case, cooler, ' +
    'pitcher, platter, dish, paper plate, plastic bag, paper bag, cardboard box, wine glass, shopping cart, baking sheet, ' +
    'cake stand, trash can, serving tray, wooden* crate, glass jar, glass bowl, glass vase, lunch box, pizza box, frying pan, ' +
    'skillet, muffin tin, saucer, teapot, kettle, coffee cup, tea cup, beer mug, flower pot, planter, barrel, chest, drawer, ' +
    'toolbox, wheelbarrow, tub, container, tin, can, carton, pouch, purse, backpack, suitcase, shopping bag, tote, envelope',
  food:
    'apple, banana, orange, sandwich, pizza, donut, doughnut, cake, cupcake, cookie, burger, hamburger, cheeseburger, hot* dog, ' +
    'pie, muffin, carrot, tomato=tomatoes, potato=potatoes, egg, strawberry, lemon, lime, pear, peach, pepper, onion, mushroom, ' +
    'pancake, waffle, taco, burrito, bagel, croissant, pastry, pretzel, bun, roll, meatball, sausage, chocolate cake, ' +
    'birthday cake, wedding cake, apple pie, pepperoni pizza, cheese pizza, fruit, vegetable, berry, blueberry, raspberry, grape, ' +
    'cherry, plum, mango=mangoes, pineapple, watermelon, melon, cucumber, pickle, olive, radish, beet, cabbage, pumpkin, squash, ' +
    'bean, nut, almond, peanut, noodle, dumpling, chip, fry=fries, french* fry=fries, omelet, quesadilla, wrap, sub, biscuit, scone, ' +
    'brownie, tart, candy, lollipop, marshmallow, snack, meal, dessert, breakfast, lunch, dinner, treat, topping, ' +
    'cinnamon roll, egg roll, chicken wing, pork chop, chicken nugget, lobster, shrimp=shrimp, crab, oyster, kebab, slider, ' +
    'avocado, zucchini, eggplant, artichoke, turnip, leek, kiwi, coconut, fig, date, apricot, grapefruit, tangerine',
  dish:
    'broccoli~, rice~, bread~, meat~, cheese~, soup~, coffee~, tea~, milk~, juice~, orange juice~, wine~, red* wine~, white* wine~, beer~, water~, pasta~, ' +
    'chicken~, beef~, fish~, lettuce~, sauce~, tomato sauce~, chocolate~, cream~, whipped* cream~, ice cream~, butter~, peanut butter~, jam~, ' +
    'spinach~, salmon~, bacon~, ham~, sushi~, cereal~, ketchup~, mustard~, honey~, syrup~, maple syrup~, sugar~, salt~, flour~, ' +
    'spaghetti~, salad~, fruit salad~, potato salad~, kale~, cauliflower~, asparagus~, celery~, corn~, garlic~, basil~, parsley~, cilantro~, ' +
    'steak~, pork~, turkey~, tuna~, tofu~, gravy~, stew~, chili~, curry~, oatmeal~, granola~, yogurt~, frosting~, icing~, food~, ' +
    'seafood~, toast~, hummus~, guacamole~, salsa~, soda~, lemonade~, liquor~, whiskey~, champagne~, vodka~, dressing~, ' +
    'salad dressing~, ranch dressing~, olive oil~, vinegar~, cheddar cheese~, cream cheese~, mozzarella~, pepperoni~, popcorn~, ' +
    'mashed* potatoes~, coleslaw~, fruit~, produce~, dough~, batter~, powdered* sugar~, macaroni~, lasagna~, ravioli~, risotto~',
  thing:
    'book, laptop, phone, cell phone, keyboard, mouse, remote, remote control, lamp, clock, candle, toothbrush, umbrella, backpack, ' +
    'suitcase, ball, bat, frisbee, toy, knife=knives, fork, spoon, camera, guitar, pillow, newspaper, magazine, balloon, kite, ' +
    'teddy bear, stuffed* animal, doll, puzzle, pen, pencil, paper, notebook, monitor, computer, laptop computer, tablet, ' +
    'computer monitor, computer mouse, desktop computer, video game controller, controller, game controller, wii remote, printer, ' +
    'speaker, radio, microphone, piano, violin, drum, trumpet, saxophone, flute, hammer, screwdriver, wrench, drill, saw, shovel, ' +
    'rake, broom, mop, bucket, ladder, hose, rope, chain, key, wallet, purse, handbag, watch, ring, necklace, bracelet, jewel, coin, ' +
    'card, dollar bill, ticket, map, sign, flag, banner, poster, painting, picture frame, frame, photo, photograph, statue, ' +
    'sculpture, figurine, trophy, medal, crown, sword, shield, gun, rifle, arrow, net, fishing pole, surfboard, skateboard, ' +
    'snowboard, tennis racket, tennis ball, baseball bat, baseball glove, baseball, basketball, football, soccer ball, volleyball, ' +
    'golf club, golf ball, ski pole, hockey stick, bowling ball, hairbrush, comb, hair dryer, mirror, razor, soap dispenser, ' +
    'paper towel, toilet paper roll, tissue box, bottle opener, corkscrew, spatula, whisk, ladle, chopstick, straw, ' +
    'tea bag, cutting board, rolling pin, toaster, blender, mixer, coffee maker, coffee pot, microwave, wire, cable, cord, ' +
    'charger, battery, flashlight, lantern, light bulb, string light, christmas light, ornament, wreath, ribbon, bow, gift, present, ' +
    'basket, package, parcel, letter, envelope, stamp, tool, utensil, appliance, gadget, instrument, dish, item, object, ' +
    'decoration, logo, sticker, button, hanger, hook, nail, screw, brick, tile, block, wheel, tire, steering wheel, engine, saddle, ' +
    'leash, collar, bone, stick, nest, feather, shell, seashell, egg, sock, shoe, rubber duck, water bottle, wine bottle, ' +
    'beer bottle, soda can, coffee mug, cigarette, cigar, pipe, lighter, ashtray, wheelchair, stroller, crutch, cane, walker, ' +
    'globe, telescope, microscope, calculator, calendar, chalkboard, whiteboard, easel, paintbrush, crayon, marker, eraser, ruler, ' +
    'scissors=scissors, glue stick, stapler, folder, binder, bookmark, dvd, record, record player, tape, cassette, headset, ' +
    'nintendo wii, game console, skeleton, mask, robot, mannequin, snowman=snowmen, scarecrow, gnome',
  clothing:
    'shirt, jacket, coat, dress, suit, tie, hat, cap, helmet, scarf, sweater, skirt, uniform, vest, hoodie, apron, tuxedo, bikini, ' +
    'swimsuit, wetsuit, raincoat, costume, mask, jersey, robe, gown, veil, crown, bow tie, hijab, turban, kimono, sari, poncho, ' +
    'blazer, cardigan, sweatshirt, t - shirt, tank top, blouse, polo shirt, leather jacket, denim jacket, jean jacket, ski suit, ' +
    'ski jacket, life jacket, life vest, safety vest, hard* hat, baseball cap, cowboy hat, straw hat, top* hat, baseball uniform, ' +
    'business suit, wedding dress, backpack, necklace, headband, bandana, wig, beanie, bathing suit, chef hat, fur coat, snow suit, ' +
    'military* uniform, police uniform, santa hat, santa suit, rain coat, trench coat, winter coat, baseball jersey, wool hat, fedora',
  pair:
    'glasses, sunglasses, goggles, gloves, shorts, jeans, pants, shoes, boots, headphones, pajamas, overalls, sandals, sneakers, ' +
    'slippers, mittens, socks, leggings, tights, earrings, flip flops, high* heels, khakis, trousers, swim trunks, rain boots, ' +
    'rubber boots, cowboy boots, leather boots, ski goggles, ear muffs, suspenders, clothes, tennis shoes, roller skates, ' +
    'ice skates, eyeglasses, scrubs, camouflage pants, hard* hats',
  body:
    'head, hand, arm, face, hair~, eye, nose, tail, ear, paw, wing, leg, mouth, foot=feet, tongue, finger, shoulder, chest, neck, ' +
    'back, beard, mustache, moustache, tattoo, ponytail, smile, beak, fur~, mane, trunk, tusk, horn, antler, hoof=hooves, feather, ' +
    'lip, tooth=teeth, chin, belly, knee, shadow, reflection, spot, stripe, bald* head, long* hair~, curly* hair~, blond* hair~, ' +
    'freckle, braid, wrist, elbow, body, claw, whisker, snout, lap, waist, hip, midsection, torso',
  ground:
    'street, road, sidewalk, path, trail, beach, track, train track, runway, hill, slope, ski slope, snowy* hill, field, lawn, bridge, dock, ' +
    'pier, driveway, tarmac, court, tennis court, basketball court, baseball field, soccer field, grass field, dirt road, ' +
    'dirt path, gravel road, highway, freeway, hillside, mountainside, mountain, shore, shoreline, platform, stage, porch, patio, ' +
    'deck, balcony, roof, rooftop, floor, tile floor, wooden* floor, hardwood floor, grass~, snow~, sand~, sandy* beach, rock, ' +
    'rocky* shore, cliff, boardwalk, walkway, staircase, stairs=stairs, steps=steps, escalator, ramp, skateboard ramp, half* pipe, ' +
    'city street, country road, cobblestone street, brick road, brick sidewalk, railroad track, crosswalk, curb, corner, street corner, ' +
    'ground~, dirt~, mud~, concrete~, gravel~, island, farm field, rug, carpet, parking space, mound, home* plate, base, diamond, plain, ' +
    'dune, sand dune, coast, river bank, bank, lane, bike lane, alley, alleyway, race track, landing, ice~, paved* road, waterway',
  area:
    'park, garden, forest, yard, backyard, zoo, city, parking lot, pasture, desert, village, town, meadow, farm, vineyard, orchard, ' +
    'playground, stadium, arena, campground, countryside, valley, canyon, jungle, wetland, swamp, square, town square, plaza, ' +
    'market, courtyard, cemetery, enclosure, pen, cage, corral, skate park, amusement park, zoo enclosure, wooded* area, ' +
    'grassy* area, rocky* area, open* field, green* field, rice field, wheat field, flower garden, vegetable garden, bush, woods=woods, ' +
    'intersection, neighborhood, downtown area, city center, train yard, construction site, harbor, marina, savannah, prairie, ' +
    'wilderness, national* park, landscape, city landscape, urban* area, residential* area, rural* area, tropical* setting, busy* intersection',
  water:
    'river, lake, ocean, pond, sea, water~, pool, swimming pool, stream, creek, waterfall, bay, canal, lagoon, puddle, mud puddle, ' +
    'watering hole, fountain, surf~, rapids=rapids, waves=waves, calm* water~, shallow* water~, blue* water~, fish tank, aquarium',
  room:
    'kitchen, bathroom, bedroom, living room, dining room, office, classroom, restaurant, cafe, coffee shop, store, grocery store, ' +
    'shop, market, museum, library, church, garage, hallway, airport, train station, bus station, gym, studio, bakery, hotel, ' +
    'hotel room, barn, stable, hospital, lobby, theater, bar, pub, supermarket, mall, shopping mall, conference room, meeting room, ' +
    'waiting room, laundry room, closet, attic, basement, warehouse, factory, workshop, cafeteria, lounge, den, nursery, ' +
    'art gallery, gallery, ballroom, cabin, cockpit, shower, elevator, tunnel, cave, tent, subway station, terminal, hangar, ' +
    'greenhouse, donut shop, pizza parlor, barber shop, book store, gift shop, home office, public* restroom, restroom, stall, ' +
    'commercial* kitchen, diner, outdoor* cafe, crowded* room, room, house, home, apartment, apartment building, vehicle, crowd',
  building:
    'building, house, store, church, barn, restaurant, hotel, castle, tower, clock tower, skyscraper, cottage, cabin, lighthouse, ' +
    'temple, mosque, cathedral, palace, school, hospital, office building, apartment building, brick building, stone building, ' +
    'brick house, shed, garage, gas station, train station, museum, library, shop, mansion, windmill, tent, hut, gazebo, pavilion, ' +
    'monument, arch, gate, city hall, courthouse, bank, theater, warehouse, factory, old* building, tall* building, fire station, log cabin',
  structure:
    'fence, wall, brick wall, stone wall, sign, stop sign, street sign, traffic light, street light, pole, fire hydrant, parking meter, ' +
    'lamp post, light post, statue, fountain, window, door, doorway, gate, bus stop, bench, mailbox, phone booth, clock, billboard, ' +
    'bridge, column, pillar, railing, chain link fence, wooden* fence, metal fence, picket fence, barbed* wire fence, garage door, glass door, ' +
    'store window, display window, telephone pole, flag pole, goal, net, ferris wheel, water tower, bike rack, trash can, ' +
    'street lamp, traffic signal, traffic cone, barrier, counter, stage, chalkboard, screen, podium, altar, scaffolding~, crane, tent, ' +
    'swing, slide, trampoline, tree house, bird house, bird feeder, dog house, campfire, fire, bonfire, fireplace, stall, fruit stand, ' +
    'food stand, market stand, kiosk, atm, vending machine, slot machine, sculpture',
  plant:
    'tree, flower, bush, plant, palm tree, pine tree, cactus=cacti, rose, tulip, sunflower, daisy, lily, orchid, leaf=leaves, branch, ' +
    'log, rock, boulder, stone, hedge, shrub, weed, vine, fern, potted* plant, house plant, tree trunk, tree branch, stump, ' +
    'tree stump, twig, acorn, pine cone, mushroom, moss~, ivy~, grass~, brush~, shrubbery~, foliage~, greenery~, hay~, straw~, bamboo~, snow~, ' +
    'cherry tree, apple tree, oak tree, christmas tree, cherry blossom, poppy, daffodil, iris, lavender~, wildflower, tall* grass~, ' +
    'green* grass~, dry* grass~, vegetation~, ice~, fog~, smoke~, steam~',
  land:
    'mountain, hill, tree, cloud, building, skyscraper, cliff, forest, ocean, house, bridge, palm tree, field, lake, castle, sunset, ' +
    'city, skyline, city skyline, fence, crowd, sky~, sun, rainbow, windmill, island, sailboat, wave, river',
  fixture:
    'sink, toilet, shower, bathtub, tub, stove, oven, refrigerator, fridge, microwave, dishwasher, mirror, window, curtain, rug, ' +
    'fireplace, tv, television, flat* screen tv, chandelier, painting, picture, ceiling fan, lamp, cabinet, counter, island, ' +
    'bookshelf=bookshelves, couch, sofa, chair, table, desk, bed, dresser, furniture~, wood floor, hardwood floor, tile floor, tiled* floor, shower curtain, ' +
    'towel rack, toilet paper~, bath tub, washing machine, dryer, countertop, wooden* cabinet, kitchen island, stainless* steel~, ' +
    'track lighting~, lighting~, wallpaper~, carpet, staircase, pool table, piano, bunk bed, blind, faucet, medicine cabinet, ' +
    'coffee table, ottoman, freezer, range hood, vanity, bidet, urinal, stall, trash can, wall, ceiling, light, plant, shelf=shelves',
  game:
    'tennis~, baseball~, basketball~, soccer~, football~, frisbee~, golf~, volleyball~, hockey~, chess~, cards=cards, cricket~, rugby~, ' +
    'badminton~, polo~, wii~, catch~, lacrosse~, softball~, tag~, pool~, guitar, piano, drums=drums, violin, flute, trumpet, banjo, accordion, ' +
    'video game, board game, game, instrument, match, trick',
  music: 'music~, song, game, show, movie, parade, race, concert, performance',
  material:
    'wood~, metal~, brick~, stone~, glass~, plastic~, paper~, leather~, rubber~, concrete~, steel~, marble~, cardboard~, velvet~, straw~, silver~, ' +
    'wire~, dirt~, gravel~, cotton~, silk~, wool~, denim~, lace~, bamboo~, iron~, copper~, granite~, clay~, wicker~, chrome~, aluminum~, tin~, bronze~, lego=legos',
  image:
    'photo, picture, image, photograph, painting, drawing, portrait, view, shot, illustration, sketch, close - up, snapshot, poster, ' +
    'scene, display, statue, model, collage, rendering, cartoon, sculpture, video, aerial* view, side* view, front* view, oil painting, ' +
    'stock photo, vector illustration, selfie, reflection, silhouette, shadow, mural, map, selection',
  part: 'side, top, back, front, edge, corner, end, inside, middle, center, bottom, cover, face, head, interior, exterior, surface, rear, tip, half=halves, roof, wall, entrance, shore, bank, intersection',
  time:
    'morning, afternoon, evening, night~, day, sunset~, sunrise~, dusk~, dawn~, twilight~, winter~, summer~, spring~, autumn~, rain~, game, ' +
    'party, event, ceremony, festival, parade, vacation, holiday, storm, show, race, wedding, concert, match, competition, contest, ' +
    'tournament, meeting, conference, practice~, daytime~, weekend, christmas~, halloween~, lunch~, dinner~, breakfast~, snowstorm, snowfall, trip',
  abstract:
    'love~, fun~, time~, freedom~, joy~, peace~, beauty~, nature~, success~, happiness~, hope~, friendship~, life~, style~, luxury~, history~',
} as const;

export type NounKind = keyof typeof LISTS;

export interface Noun {
  readonly kind: NounKind;
  readonly form: string;
  /** Null for what cannot be counted. */
  readonly plural: string | null;
  /** Only a plural is there: "glasses". */
  readonly onlyPlural: boolean;
  readonly modifiers: readonly { readonly form: string; readonly isAdjective: boolean }[];
}

export type Nouns = Readonly<Record<NounKind, readonly Noun[]>>;

export function allNouns(): Nouns {
  const kinds = Object.entries(LISTS) as [NounKind, string][];
  return Object.fromEntries(
    kinds.map(([kind, list]) => [kind, list.split(', ').map((entry) => nounOf(kind, entry))]),
  ) as unknown as Nouns;
}

function nounOf(kind: NounKind, entry: string): Noun {
  const parts = entry.split(' ');
  const [written, irregular] = parts.pop()!.split('=') as [string, string?];
  const isMass = written.endsWith('~');
  const form = isMass ? written.slice(0, -1) : written;
  const onlyPlural = kind === 'pair' || irregular === form;
  return {
    kind,
    form,
    plural: isMass ? null : kind === 'pair' ? form : (irregular ?? withS(form)),
    onlyPlural: onlyPlural && kind !== 'animal' && kind !== 'food',
    modifiers: parts.map((part) => ({ form: part.replace('*', ''), isAdjective: part.endsWith('*') })),
  };
}

/** The singular of a noun that is only used in the plural. */
export function lemmaOfPlural(form: string): string {
  if (/(?:ches|shes|sses|xes)$/.test(form)) return form.slice(0, -2);
  return form.endsWith('s') ? form.slice(0, -1) : form;
}

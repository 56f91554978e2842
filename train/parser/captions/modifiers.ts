/** Words that stand before nouns. `word!` is a participle (of the verb behind it, where it is not plain): "folded!fold". */
import type { NounKind } from './nouns.ts';

const words = (list: string): readonly string[] => list.split(' ');

export const COLOURS = words(
  'red blue green yellow black white brown orange purple pink gray grey gold silver tan beige golden turquoise maroon teal navy cream',
);
export const SHADES = words('light dark bright pale deep');

const SIZE = 'large small big little tiny huge giant long short tall massive enormous';
const LOOK =
  'beautiful nice pretty colorful old new clean dirty shiny bright dark plain fancy modern vintage antique strange unusual different ' +
  'various similar single lone lovely classic simple cool weird ordinary typical famous popular amazing interesting';
const ANIMATE =
  'young old little cute adorable happy smiling!smile tall small large beautiful lone elderly older younger sad tired sleeping!sleep playful ' +
  'wild baby hungry angry friendly brave calm curious furry fluffy fat thin skinny handsome pretty attractive asian african american ' +
  'european indian chinese japanese male female pregnant blonde bearded bald naked shirtless laughing!laugh crying!cry tanned muscular ' +
  'professional senior excited! bored! injured!injure surprised!surprise masked! costumed! uniformed! homeless busy serious cheerful';

/** Adjectives that fit each kind of noun. */
export const ADJECTIVES: Readonly<Record<NounKind, readonly string[]>> = {
  person: words(ANIMATE),
  folk: words('large small happy young big whole nice smiling!smile diverse local live'),
  animal: words(`${ANIMATE} spotted striped wet dead white black brown grazing!graze`),
  bird: words(
    'small large colorful white black wild beautiful exotic tropical tiny little wet flying!fly perched!perch blue red yellow feathered',
  ),
  insect: words('small tiny colorful little large yellow black'),
  vehicle: words(
    `${SIZE} ${LOOK} rusty parked!park abandoned!abandon electric convertible damaged!damage broken!break crashed!crash overturned!overturn decorated!decorate moving!move oncoming empty loaded!load`,
  ),
  train: words(
    'long old red blue yellow modern electric colorful silver fast passing!pass moving!move approaching!approach vintage empty',
  ),
  boat: words(`${SIZE} old wooden white blue colorful docked!dock empty sunken abandoned!abandon inflatable`),
  aircraft: words('large small white old big military red blue commercial vintage colorful private low'),
  ride: words('small large red black old big brown white blue green electric fast'),
  board: words('red blue yellow wooden old new long short'),
  furniture: words(
    `wooden white brown black small large round old long rectangular square antique comfortable plush cozy empty messy cluttered!clutter unmade striped plaid rustic folded!fold set! glass outdoor matching!match`,
  ),
  container: words(
    `white small large blue clear empty full plastic square round decorative shallow wooden woven open closed! transparent ceramic colorful fancy sealed!seal divided!divide broken!break`,
  ),
  food: words(
    `fresh ripe delicious half large small sliced!slice chopped!chop cooked!cook baked!bake fried!fry grilled!grill peeled!peel glazed!glaze frosted!frost toasted!toast stuffed!stuff homemade cheesy sweet rotten raw green red organic vegetarian tasty uneaten crispy juicy round spicy hot cold warm mini assorted decorated!decorate steamed!steam roasted!roast mixed!mix`,
  ),
  dish: words(
    `fresh hot cold white brown cooked!cook mashed!mash grilled!grill fried!fry roasted!roast melted!melt chopped!chop shredded!shred sliced!slice steamed!steam delicious creamy spicy sweet raw green homemade frozen!freeze baked!bake crispy smoked!smoke`,
  ),
  thing: words(
    `${SIZE} ${LOOK} black white red blue pink wooden metal broken!break stuffed!stuff open closed! folded!fold electronic digital inflatable electric silver wrapped!wrap lit!light used!use handmade decorative open empty framed!frame painted!paint discarded!discard hanging!hang`,
  ),
  clothing: words(
    `red blue white black green yellow striped plaid long short old colorful orange purple pink gray matching!match formal traditional bright dark knitted!knit fancy floral wool leather protective reflective heavy torn!tear stylish casual elegant checkered polka`,
  ),
  pair: words(
    'black white red blue dark brown new old yellow colorful pink long short tight baggy ripped!rip matching!match protective heavy wet',
  ),
  body: words(
    'long short large small big brown black white blond blonde red dark curly pink open bushy wet furry sharp colorful blue gray painted!paint outstretched bare left right',
  ),
  ground: words(
    `dirty busy empty wet snowy sandy grassy rocky paved!pave wooden narrow wide steep quiet muddy dusty dry icy crowded! sunny winding!wind green tiled!tile concrete cobbled deserted!desert city country long curved!curve brick lush residential rural flooded!flood covered!cover`,
  ),
  area: words(
    'large green grassy lush open busy crowded! sunny small beautiful dense quiet fenced!fence wooded dry snowy empty urban rural tropical public city big sandy barren foggy walled!wall',
  ),
  water: words(
    'calm blue clear large small choppy murky shallow deep still frozen!freeze wide rough muddy placid icy vast crystal',
  ),
  room: words(
    'small large clean messy modern crowded! busy empty dark bright white bare furnished!furnish cluttered!clutter dimly cozy spacious nice fancy outdoor public tiled!tile old commercial narrow lit!light unfinished',
  ),
  building: words(
    `${SIZE} old brick stone modern historic white red wooden abandoned!abandon ornate ancient industrial glass residential gothic ruined!ruin famous painted!paint colorful empty`,
  ),
  structure: words(
    `tall wooden metal white red old large small stone iron rusty ornate open closed! broken!break green black yellow colorful decorative painted!paint lit!light glass bright`,
  ),
  plant: words(
    'large small green tall bare lush red yellow pink white dead fallen!fall leafy leafless thick thin blooming!bloom flowering!flower tropical beautiful colorful dry old potted! snowy purple fresh artificial',
  ),
  land: words('tall green snowy distant rocky large beautiful blue lush big dark rolling!roll white low cloudy orange'),
  fixture: words(
    'white black wooden small large clean modern old open stainless brown round glass big marble dirty flat double built tiled!tile broken!break yellow floral built',
  ),
  game: words('good fun competitive friendly'),
  music: words('live loud big local'),
  material: words('old thick thin dark light'),
  image: words(
    'black beautiful old blurry close colorful vintage funny aerial nice blurred!blur framed!frame large small digital cropped!crop abstract famous',
  ),
  part: words('far left right other upper lower front back outer inner very opposite'),
  time: words(
    'sunny cloudy rainy foggy clear windy beautiful hot cold bright late early overcast snowy warm nice summer winter',
  ),
  abstract: words('true great pure eternal real'),
};

export const QUANTIFIERS = words('several many few various numerous multiple');
export const NUMBERS = words('two three four five six seven eight nine ten twelve');
export const POSSESSIVES = { person: words('his her'), animal: ['its', 'its', 'his'], many: ['their'] } as const;
export const NAMES = words(
  'London Paris Tokyo Chicago Boston Sydney Venice Rome Berlin Amsterdam Hawaii Africa China India Japan Canada Texas California ' +
    'Ford Toyota Honda Harley Apple Dell Sony Nike Pepsi Delta Boeing McDonald Starbucks Wii Nintendo Disney Christmas Halloween Mercedes ' +
    'BMW VW Volkswagen Chevy Jeep Greyhound Amtrak Lego Barbie Hilton Caesar Victorian Persian Buddha Manhattan Brooklyn Seattle Miami',
);

export const FIRST_NAMES = words(
  'John Mary Tom Anna James Emma David Sarah Michael Lisa Robert Kate William Julia Peter Laura Paul Maria George Jane Daniel Sophie Chris Amy',
);
export const LAST_NAMES = words(
  'Smith Brown Johnson Miller Garcia Davis Wilson Lee Taylor Clark Lewis Walker Hall Young King Wright Scott Green Baker Adams Nelson Carter',
);

/** Nouns that stand before nouns: of a kind, those that go with it. */
export const COMPOUNDS: Readonly<Partial<Record<NounKind, readonly string[]>>> = {
  person: words('street college city farm kitchen army navy circus rodeo restaurant wedding basketball hockey'),
  animal: words('farm circus house pet police service jungle zoo shelter'),
  vehicle: words('police city tourist passenger toy cargo farm construction army mail delivery rental'),
  train: words('city toy cargo commuter coal'),
  boat: words('police tourist toy wood passenger river rescue'),
  aircraft: words('toy army navy passenger cargo rescue stunt'),
  furniture: words(
    'kitchen office wood metal plastic patio garden glass oak hotel picnic leather velvet hospital school',
  ),
  container: words('glass plastic metal paper wicker cardboard wood china styrofoam wine water fruit storage'),
  food: words(
    'chocolate cheese apple vegetable chicken strawberry lemon ham tuna beef turkey veggie breakfast tortilla wheat potato banana',
  ),
  dish: words('chicken vegetable tomato beef apple honey lemon mango pumpkin avocado keto vanilla strawberry'),
  thing: words(
    'toy plastic metal paper wood glass baby computer kitchen school christmas halloween wedding birthday tennis wine sports ladybug dinosaur',
  ),
  clothing: words(
    'baseball tennis football soccer hockey cotton leather wool ski army school work chef racing team motorcycle bike summer ladybug princess superhero',
  ),
  pair: words('tennis ski leather work rain denim baseball cowboy running safety'),
  ground: words('city tennis dirt brick stone wood mountain concrete gravel asphalt village park highway grass'),
  area: words('city grass dirt mountain farm forest tree desert snow flower baseball'),
  room: words('city hotel office school hospital church airport village'),
  building: words('brick stone city glass wood hotel office apartment school government farm village concrete'),
  structure: words('metal wood stone brick iron street city garden concrete marble traffic glass water'),
  plant: words('palm pine garden jungle forest desert fruit water'),
  fixture: words('wood glass marble bathroom kitchen granite leather tile brick corner shower'),
  image: words('stock wall color magazine newspaper night family wedding street'),
  body: words('dog cat elephant horse bird'),
};

/** Participles with a noun before them: "a tree lined street". */
export const COVERED = words(
  'covered lined filled topped flavored colored shaped fronted framed decorated trimmed themed infested crusted dusted shaded powered',
);
export const COVERING = words(
  'snow tree grass fruit glass leaf chocolate sugar wood ice moss flower dust brick stone ivy cloud heart star mud flag gold palm steam cheese cream',
);
export const COVERED_LEMMAS: Readonly<Record<string, string>> = Object.fromEntries(
  'cover line fill top flavor color shape front frame decorate trim theme infest crust dust shade power'
    .split(' ')
    .map((lemma, i) => [COVERED[i]!, lemma]),
);

/** What there is so much of: "a group of". */
export const MEASURES: Readonly<Partial<Record<NounKind, readonly string[]>>> = {
  person: words('group crowd couple bunch line team pair lot row number variety dozen'),
  animal: words('herd group couple pack pair bunch lot line number'),
  bird: words('flock group couple pair bunch lot row number'),
  vehicle: words('line row couple group lot number fleet bunch variety'),
  boat: words('row group couple number lot fleet'),
  aircraft: words('group couple pair formation number'),
  food: words(
    'plate bowl basket piece slice couple pile variety box tray bunch assortment bag lot stack platter half display row selection array crate bucket serving',
  ),
  dish: words(
    'bowl plate cup glass piece slice bottle mug pile lot serving dish pot pitcher jar bag side bite loaf spoonful layer',
  ),
  thing: words(
    'pile stack row set couple pair collection variety bunch assortment box group number lot shelf display array bag',
  ),
  clothing: words('pile rack row stack pair'),
  pair: words('pair'),
  board: words('pair row set'),
  container: words('row set group couple stack collection number'),
  plant: words(
    'row bunch vase bouquet patch field group cluster lot pot bed couple variety forest line pile arrangement',
  ),
  furniture: words('row set couple group pair stack'),
  building: words('row group couple cluster number'),
  structure: words('row couple pair number bunch'),
};

package address

import (
	"brood/jobs/fold"
	"strings"
	"sync"
	"unicode"
)

// role is what a word of a header makes of its column: a part, or something beside that.
type role uint8

const (
	roleNone  role = iota
	roleFull       // surely all of an address
	roleLine       // an address, or a line of one
	rolePlace      // a place of any kind: an address if nothing else is
	rolePoint      // latitude and longitude in one
	roleWeakNumber
	roleWeakState
	roleWeakCity
	roleBefore // what stands before the name of a street, in a column of its own: its kind, N, S
	roleBehind // and behind it
	roleSuburb // a city in Australia, a district elsewhere
	roleVeto   // the column is something else
	roleVetoState
	roleNeutral
	rolePart // + Part
)

func (r role) part() Part { return Part(r - rolePart) }

func roleOf(p Part) role { return rolePart + role(p) }

// sense is what a phrase of a header means, and how much it counts beside another of its part.
type sense struct {
	role     role
	strength uint8
}

// headerPhrases are the words of headers, folded, in English, German, French, Spanish, Italian,
// Portuguese, Dutch and Polish.
var headerPhrases = [...]struct {
	role     role
	strength uint8
	phrases  string // with a comma between
}{
	{roleFull, 2, "full address,complete address,formatted address,whole address,entire address,address full,display address,address string,address text,volladresse,vollstandige adresse,gesamtadresse,adresse complete,direccion completa,domicilio completo,indirizzo completo,endereco completo,morada completa,volledig adres,pelny adres,adres pelny,geocode address,one line address,single line address"},
	{roleLine, 2, "address,addr,adress,adresse,anschrift,direccion,dir,domicilio,indirizzo,endereco,morada,adres,postal address,postadresse,postanschrift,adresse postale,direccion postal,indirizzo postale,endereco postal,postadres,adres pocztowy,wohnadresse,wohnanschrift,adresszeile,address line,adresse ligne,ligne adresse,linea direccion,adresregel,adr"},
	{rolePlace, 1, "location,standort,emplacement,ubicacion,posizione,localizacao,locatie,lokalizacja,place name"},
	{rolePoint, 2, "coordinates,coordinate,coords,coord,latlng,latlon,latlong,lat lng,lat lon,lat long,latitude longitude,geo point,geopoint,gps,gps coordinates,koordinaten,coordonnees,coordenadas,coordinate gps,wspolrzedne,coordinaten,wkt,geo point 2d,geolocation,location point"},
	{roleOf(Street), 3, "street,street name,street address,streetname,strasse,strassenname,str,strasze,rue,voie,nom voie,nom rue,nom de rue,libelle voie,nom de la voie,calle,nombre calle,nombre de via,via,nome via,rua,logradouro,arruamento,avenida,straat,straatnaam,ulica,nazwa ulicy,ulice,road,thoroughfare,strasse hausnummer,street line,adresse rue,road name,address street,street 1,toponimo,strada,gata,stras,libelle rue"},
	{roleOf(Number), 3, "house number,house no,house nr,house num,housenumber,houseno,housenum,house,street number,street no,street nr,street num,streetnumber,building number,building no,civic number,number of house,premise number,hausnummer,haus nr,hausnr,haus no,hnr,hsnr,numero de rue,numero rue,numero voie,numero de voie,num voie,no rue,no voie,numero civico,civico,n civico,nr civico,num civico,numero exterior,num exterior,num ext,no ext,numero ext,no exterior,numero calle,numero de calle,altura,huisnummer,huisnr,huis nr,nr domu,numer domu,nr budynku,numer budynku,numero da porta,numero porta,num porta,n porta"},
	{roleBefore, 2, "street dir,street direction,street pre dir,street predir,street prefix,predir,pre dir,pre directional,street dir prefix,type voie,type de voie,type rue,tipo via,tipo de via,tipo logradouro,tipo de logradouro,dug"},
	{roleBehind, 2, "street suffix,street type,street post dir,street postdir,postdir,post dir,street suf,suffix,street dir suffix"},
	{roleWeakNumber, 1, "number,no,nr,num,numero,nummer,numer,n"},
	{roleOf(Unit), 2, "unit,unit number,unit no,apt,apartment,apartment number,apt number,apt no,suite,ste,flat,flat number,floor,adresszusatz,adress zusatz,zusatz,hausnummernzusatz,hausnummer zusatz,wohnung,whg,stiege,tur,complement,complement adresse,complement d adresse,complement voie,batiment,appartement,etage,complemento,piso,puerta,escalera,depto,departamento interior,numero interior,num interior,num int,no int,interno,scala,interior,piano,apartamento,andar,fracao,toevoeging,huisnummer toevoeging,huisnummertoevoeging,huisletter,bus,nr lokalu,numer lokalu,nr mieszkania,numer mieszkania,lokal,mieszkanie,po box,p o box,postfach,boite postale,apartado postal,casella postale,postbus,skrytka,room,building name,care of,c o"},
	{roleOf(City), 3, "city,town,city town,town city,post town,posttown,city name,town name,municipality,village,locality,ort,stadt,wohnort,ortschaft,gemeinde,ortsname,stadtname,ville,commune,nom commune,nom de la commune,localite,libelle commune,ciudad,localidad,poblacion,municipio,citta,comune,localita,cidade,localidade,concelho,plaats,woonplaats,plaatsnaam,gemeente,stad,miasto,miejscowosc,nazwa miejscowosci,mesto,city municipality,nome comune"},
	{roleWeakCity, 1, "place,cty,lugar,lieu,luogo,miejsce,poczta"},
	{roleSuburb, 2, "suburb"},
	{roleOf(District), 2, "district,city district,ortsteil,stadtteil,stadtbezirk,bezirk,quartier,arrondissement,barrio,colonia,urbanizacion,distrito,quartiere,frazione,bairro,freguesia,wijk,buurt,stadsdeel,dzielnica,osiedle,neighborhood,neighbourhood,borough,dependent locality"},
	{roleOf(County), 2, "county,county name,landkreis,kreis,departement,nom departement,powiat,comarca,regierungsbezirk,gmina,admin2"},
	{roleOf(State), 2, "state,province,state province,province state,state region,state code,state name,state abbreviation,state abbr,province code,bundesland,estado,uf,provincia,prov,sigla provincia,kanton,canton,provincie,wojewodztwo,woj,admin1,comunidad autonoma,state prov,administrative area"},
	{roleOf(State), 1, "region,regione,regiao,region code,region name"},
	{roleWeakState, 1, "st,pr"},
	{roleOf(Postcode), 3, "zip,zip code,zipcode,zip5,zip 5,zip postal code,zip postcode,zip postal,postal zip,postal zip code,postcode,post code,postal code,postalcode,postal cd,postal,pcode,plz,postleitzahl,code postal,codepostal,cp,code postale,codigo postal,cod postal,c p,codigopostal,cap,codice postale,codice di avviamento postale,cep,postcodes,kod pocztowy,kod poczt,kodpocztowy,pin code,pincode,eircode,psc,pstlz,postnr,postnummer,postnumber"},
	{roleOf(Postcode), 1, "kod,pin"},
	{roleOf(Country), 3, "country,country name,countryname,country code,countrycode,country iso,iso country,country iso code,country iso2,country id iso,ctry,land,lander,landesname,landercode,laendercode,landcode,landnaam,staat,pays,nom pays,code pays,pais,nombre pais,codigo pais,paese,nazione,stato,codice paese,kraj,panstwo,kod kraju,nation,country region,country cd,country 2"},
	{roleOf(Lat), 3, "lat,latitude,geo lat,geolat,gps lat,gps latitude,breitengrad,geographische breite,geo breite,latitud,latitudine,breedtegraad,szerokosc geograficzna,szerokosc,lat wgs84,latitude wgs84,lat deg,coord lat,y lat"},
	{roleOf(Lon), 3, "lon,lng,long,longitude,geo lon,geo lng,geo long,geolng,geolon,gps lon,gps lng,gps long,gps longitude,langengrad,laengengrad,geographische lange,geo lange,longitud,longitudine,lengtegraad,dlugosc geograficzna,dlugosc,lon wgs84,longitude wgs84,coord lon,coord lng,x lon"},
	{roleOf(ID), 2, "id,record id,row id,customer id,kundennummer,kunden nr,kundennr,store id,site id,uuid,guid,objectid,object id,key,lfd nr"},
	{roleOf(Name), 2, "name,firma,company,company name,firmenname,firstname,first name,last name,lastname,surname,vorname,nachname,nom,prenom,raison sociale,nombre,apellido,apellidos,razon social,nome,cognome,ragione sociale,razao social,naam,bedrijf,bedrijfsnaam,nazwa,nazwa firmy,imie,nazwisko,store name,customer name,organisation,organization,full name,recipient"},
	{roleVeto, 0, "x coord,y coord,xcoord,ycoord,coord x,coord y,x coordinate,y coordinate,email,e mail,mail,emailaddress,ip,mac,web,url,uri,website,webpage,homepage,http,https,link,wallet,btc,eth,bitcoin,ethereum,crypto,memory,status,phone,tel,telephone,telefon,telefono,telefone,telefoon,fax,mobile,mobil,handy,cell,tracking,account,konto,iban,bic,vat,tax,steuer,ust,type,typ,tipo,verified,verification,valid,validated,validation,flag,count,anzahl,date,datum,fecha,data,time,timestamp,zone,timezone,tz,birth,birthplace,born,geburtsort,geburtsland,geburtsdatum,geburts,naissance,nacimiento,nascita,nascimento,urodzenia,geboorte,geboorteplaats,currency,wahrung,language,sprache,langue,idioma,hash,updated,created,changed,modified,quality,score,accuracy,note,notes,comment,comments,bemerkung,hours,population,einwohner,size,dialing,calling,vorwahl,dial,origin,manufacture,citizenship,nationality,issue,issued,issuing,plate,license,estate,invoice,rechnungsnummer,auftragsnummer,bestellnummer,artikelnummer,plus4,zip4,is,has,distance,radius,velocity,capacity,view,photo,image,parking,level,rank,rating,price,amount,total,sum,percent,weight,height,width,area m2,residents,insee,password,user agent,session,subject,salutation,anrede,title,vector,server,host,port,domain,network,device,bluetooth"},
	{roleVetoState, 0, "order,payment,task,job,workflow,process,machine,ticket,subscription,lifecycle,device,charge,request,run,deal,lead,transaction,shipment,delivery state,system,approval,review,sync"},
	{roleNeutral, 0, "territory,prefecture,republic,emirate,line,ligne,linea,linha,zeile,regel,linia,text,raw,input,field,value,wert,the,of,de,du,des,la,le,del,della,di,da,do,van,der,and,und,et,y,e,en,i,o,or,oder,ou,code,geo,component,1,2,3,4,5,01,02,libelle,name,names,abbreviation,abbr,full,number,no,nr,num,numero"},
}

var headerSenses = sync.OnceValue(func() map[string]sense {
	m := map[string]sense{}
	for _, h := range headerPhrases {
		for phrase := range strings.SplitSeq(h.phrases, ",") {
			if _, has := m[phrase]; !has {
				m[phrase] = sense{h.role, h.strength}
			}
		}
	}
	return m
})

// compoundPrefixes are first halves of compounds that say whose address it is: Lieferadresse.
var compoundPrefixes = [...]string{"liefer", "rechnungs", "firmen", "privat", "versand", "kunden", "factuur", "aflever", "bezorg", "lever", "leverings", "zustell", "geschafts", "absender", "empfanger", "objekt", "standort"}

// headerWords takes a name of a column apart: at what is neither letter nor figure, at capitals within (camelCase), at
// figures, and behind the first half of some compounds. The words are folded.
func headerWords(column string) []string {
	var b strings.Builder
	var before rune
	runes := []rune(column)
	for i, r := range runes {
		next := rune(0)
		if i+1 < len(runes) {
			next = runes[i+1]
		}
		switch {
		case unicode.IsUpper(r) && (unicode.IsLower(before) || unicode.IsUpper(before) && unicode.IsLower(next)),
			unicode.IsDigit(r) && unicode.IsLetter(before), unicode.IsLetter(r) && unicode.IsDigit(before):
			b.WriteByte(' ')
		case r == 'º' || r == '°' || r == '№': // nº
			r = ' '
		}
		b.WriteRune(r)
		before = r
	}
	var out []string
	for w := range strings.FieldsSeq(fold.String(b.String())) {
		if split := compoundAt(w); split > 0 {
			out = append(out, w[:split], w[split:])
			continue
		}
		out = append(out, w)
	}
	return out
}

// compoundAt is where the second half of a compound begins; 0 if the word is none.
func compoundAt(w string) int {
	for _, prefix := range compoundPrefixes {
		rest, ok := strings.CutPrefix(w, prefix)
		if !ok || rest == "" {
			continue
		}
		if s, known := headerSenses()[rest]; known && (s.role == roleLine || s.role >= rolePart && s.role.part() < ID) {
			return len(prefix)
		}
	}
	return 0
}

// heading is what a column's name means.
type heading struct {
	column   string
	index    int
	set      string // the words that say whose address it is: billing, ship to
	parts    []sense
	line     int // the number of a line, of "address 2"; 0: none
	vetoed   bool
	stateNot bool // "order state"
	words    int
}

// role is that of the last of its phrases.
func (h *heading) role() role { return h.parts[len(h.parts)-1].role }

// readHeading finds the phrases in a column's name, the longest first.
func readHeading(column string, index int) heading {
	words := headerWords(column)
	h := heading{column: column, index: index, words: len(words)}
	var set []string
	for i := 0; i < len(words); {
		s, n := phraseAt(words[i:])
		if n == 0 {
			set = append(set, words[i])
			i++
			continue
		}
		switch {
		case s.role == roleVeto:
			h.vetoed = true
		case s.role == roleVetoState:
			h.stateNot = true
			set = append(set, words[i:i+n]...)
		case s.role == roleNeutral || (s.role == roleWeakNumber || s.role == roleOf(Name)) && len(words) > n:
			if n == 1 && len(words[i]) == 1 && words[i] >= "1" && words[i] <= "5" {
				h.line = int(words[i][0] - '0')
			}
		default:
			h.parts = append(h.parts, s)
		}
		i += n
	}
	h.set = strings.Join(set, " ")
	return h
}

// phraseAt is the longest phrase that the words begin with.
func phraseAt(words []string) (sense, int) {
	senses := headerSenses()
	for n := min(4, len(words)); n > 0; n-- {
		if s, ok := senses[strings.Join(words[:n], " ")]; ok {
			return s, n
		}
	}
	return sense{}, 0
}

// SPDX-License-Identifier: Apache-2.0
// One photo. generate.py gives everything by Declare=Name=Value; the values below make a picture on their own:
//   povray main.pov +W640 +H480 +A0.3 +R2 -J Declare=Family=2 Declare=ObjSeed=5
#version 3.7;
global_settings { assumed_gamma 1.0 max_trace_level 6 }
#default { finish { ambient 0.03 } }

#ifndef (Family) #declare Family = 0; #end     // see MakeObject
#ifndef (ObjSeed) #declare ObjSeed = 1; #end   // the object
#ifndef (Mat) #declare Mat = 0; #end           // 0 ivory, 1 rhino horn
#ifndef (Plain) #declare Plain = 0; #end       // 1: smooth, polished, hardly a mark
#ifndef (Pose) #declare Pose = 0; #end         // horn: 0 stands, 1 lies; netsuke: 0 hare, 1 monk
#ifndef (Yaw) #declare Yaw = 0; #end           // how the object is turned on the table, degrees
#ifndef (Ground) #declare Ground = 0; #end     // see MakeGround
#ifndef (GroundCopy) #declare GroundCopy = 1; #end
#ifndef (Heap) #declare Heap = 0; #end         // so many more objects of the family behind the first
#ifndef (GroundX) #declare GroundX = 0; #end   // where on the table the object is
#ifndef (GroundZ) #declare GroundZ = 0; #end
#ifndef (GroundTurn) #declare GroundTurn = 0; #end
#ifndef (Light) #declare Light = 0; #end
#ifndef (Az) #declare Az = 15; #end            // camera: azimuth (0 = from -z, positive to +x), elevation, degrees
#ifndef (El) #declare El = 28; #end
#ifndef (Fov) #declare Fov = 38; #end          // of the shorter side
#ifndef (Fill) #declare Fill = 0.72; #end      // share of the shorter side that the object fills
#ifndef (Roll) #declare Roll = 0; #end
#ifndef (LookX) #declare LookX = 0; #end       // aims a little beside the object
#ifndef (LookY) #declare LookY = 0; #end
#ifndef (Prop) #declare Prop = 0; #end         // 0 none; see props.inc
#ifndef (PropTurn) #declare PropTurn = 20; #end
#ifndef (PropSide) #declare PropSide = 1; #end

#include "shapes.inc"
#include "common.inc"
#include "materials.inc"
#include "objects_long.inc"
#include "objects_small.inc"
#include "objects_skin.inc"
#include "grounds.inc"
#include "lights.inc"
#include "props.inc"

#declare GroundScale = 1;   // small things are seen from closer, so their table looks larger
#declare PropScale = 0.5;
#declare PropOut = 0.88;     // how far aside a prop lies, in ObjR
#macro MakeObject(Seed)
  #declare ObjS = seed(Seed*37 + Family);
  #for (K, 1, 10) #local Burn = rand(ObjS); #end    // the first draws of near seeds are alike
  #switch (Family)
    #case (0)  MakeHorn(1, Plain, Pose)            #declare PropScale = 0.45; #break
    #case (1)  MakeTusk(Plain)                     #declare PropScale = 0.42; #break
    #case (2)  MakeCarved(Plain)                   #declare PropScale = 0.5;  #break
    #case (3)  MakeNetsuke(Mat, Plain, Pose)       #declare PropScale = 0.8;  #declare GroundScale = 1.7; #break
    #case (4)  MakeBangle(Mat, Plain)              #declare PropScale = 0.62; #declare GroundScale = 1.4; #declare PropOut = 1.25; #break
    #case (5)  MakeBeads(Mat, Plain)               #declare PropScale = 0.55; #declare GroundScale = 1.4; #declare PropOut = 1.3; #break
    #case (6)  MakeCup(Mat, Plain)                 #declare PropScale = 0.55; #declare GroundScale = 1.3; #break
    #case (7)  MakeSeal(Mat, Plain)                #declare PropScale = 0.7;  #declare GroundScale = 1.6; #break
    #case (8)  MakeRug(Plain)                      #declare PropScale = 0.3; #declare PropOut = 1.1; #break
    #case (9)  MakePendant(Plain)                  #declare PropScale = 0.7;  #declare GroundScale = 1.6; #declare PropOut = 1.15; #break
    #case (10) MakePlaque(Plain)                   #declare PropScale = 0.6;  #declare GroundScale = 1.4; #declare PropOut = 1.5; #break
    #else      #declare Obj = sphere { -y*5, 0.1 }   // 11: an empty table
  #end
#end

#for (K, 1, Heap)
  MakeObject(ObjSeed + K)
  object { Obj rotate y*(Yaw + 35*sin(K*5)) translate <1.5*sin(K*2.4) + 0.3*K - 0.5, 0, 0.4 + 0.75*K> }
#end
MakeObject(ObjSeed)
object { Obj rotate y*Yaw }

object { MakeGround(Ground, GroundCopy) scale GroundScale rotate y*GroundTurn translate <GroundX, 0, GroundZ> }
object { MakeWall(Ground) translate z*7 }

#if (Prop > 0)
  object { MakeProp(Prop) rotate y*PropTurn scale PropScale translate <PropSide*ObjR*PropOut, 0.002, -ObjR*0.55> }
#end

#declare Aspect = image_width/image_height;
#declare Dist = ObjR/(Fill*tan(radians(Fov/2)));
#declare Dir = <sin(radians(Az))*cos(radians(El)), sin(radians(El)), -cos(radians(Az))*cos(radians(El))>;
#declare Target = <LookX, ObjH + LookY, 0>;
#declare Cam = Target + Dir*Dist;
#declare Half = tan(radians(Fov/2))*2;
camera {
  location Cam
  right x*Half*max(1, Aspect)
  up y*Half*max(1, 1/Aspect)
  direction z
  sky vaxis_rotate(y, -Dir, Roll)
  look_at Target
}
MakeLights(Light, Cam)

namespace BoundedCache.Sizing;

/// <summary>Hands every reference that lies in an object's own fields to the walk.</summary>
internal delegate void ObjectVisitor(object instance, GraphWalk walk);

/// <summary>Hands every reference that lies in a struct at the given place to the walk.</summary>
internal delegate void ValueVisitor(ref byte value, GraphWalk walk);

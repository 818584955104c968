namespace HubshareDemo.Auth;

/// <summary>A fresh access token and how long it lives, as the sign-in and refresh answers tell it.</summary>
public sealed record IssuedToken(string AccessToken, double ExpiresIn, string User);
